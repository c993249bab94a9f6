// A volume that is locked: that it is, and the way in.

import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { whenUnlocked } from '../../state/locks.ts'
import { fileName } from '../../state/volumes.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './inspector.module.css'

interface LockNoticeProps {
  readonly volume: Volume
  /** Name of the locked file: the volume's own, or one below it. */
  readonly file: string
}

export function LockNotice({ volume, file }: LockNoticeProps) {
  const { t } = useTranslation()
  const own = fileName(file) === fileName(volume.name)
  return (
    <div className={styles.trouble}>
      <Note kind="info">
        <div className="row">
          <span className="grow">{own ? t('lock.notice') : t('lock.noticeBelow', { name: fileName(file) })}</span>
          <Button size="small" onClick={() => whenUnlocked([volume], () => {})}>
            {t('lock.unlockIt')}
          </Button>
        </div>
      </Note>
    </div>
  )
}
