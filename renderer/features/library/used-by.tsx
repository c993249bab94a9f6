// What uses a volume: the machine that has it open, and the volumes that lie on it. Both are reasons not to delete it.

import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import styles from './used-by.module.css'

export function UsedBy({ volume: { inUse, overlayCount = 0 } }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  if (!inUse) {
    return overlayCount > 0 ? <span className="secondary">{t('library.overlays', { count: overlayCount })}</span> : null
  }
  const { machine, program, process, user } = inUse
  const name = machine ?? program ?? t('library.someProgram')
  const facts = [program, process !== undefined && t('library.process', { id: process }), user]
  return (
    <span className={styles.users} title={[name, ...facts].filter((fact) => typeof fact === 'string').join(', ')}>
      <span className={styles.dot} aria-hidden="true" />
      <span className="secondary cut">{name}</span>
      <span className="visually-hidden">{t('library.running')}</span>
      {overlayCount > 0 && <span className="secondary nowrap">+{overlayCount}</span>}
    </span>
  )
}
