// Right after a deletion: what went, and the way back.

import { Undo2, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { putBack, useTrash } from '../../state/trash.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import styles from './trash.module.css'

export function TrashNotice() {
  const { t } = useTranslation()
  const last = useTrash((state) => state.last)
  if (!last) return null
  return (
    <div className={styles.toast} role="status">
      <span className="grow">{t('trash.deleted', { count: last.count ?? 1, name: last.target })}</span>
      <Button size="small" icon={<Undo2 aria-hidden="true" />} onClick={() => putBack(last.trashed ?? [])}>
        {t('trash.undo')}
      </Button>
      <IconButton
        size="small"
        label={t('shell.dismiss')}
        icon={<X />}
        onClick={() => useTrash.setState({ last: undefined })}
      />
    </div>
  )
}
