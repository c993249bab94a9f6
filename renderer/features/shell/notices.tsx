// Messages for what has no row of its own: they stay until they are dismissed.

import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '../../state/errors.ts'
import { dismissNotice, useNotices } from '../../state/notices.ts'
import { IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './notices.module.css'

export function Notices({ children }: { readonly children?: ReactNode }) {
  const { t } = useTranslation()
  const notices = useNotices((state) => state.notices)
  return (
    <div className={styles.notices}>
      {children}
      {notices.map(({ id, error }) => {
        const { headline, rest } = errorText(error)
        return (
          <div key={id} className={styles.notice}>
            <Note kind="danger" role="alert">
              <div className="row">
                <span className="grow">
                  <span className="medium">{headline}</span> {rest}
                </span>
                <IconButton size="small" label={t('shell.dismiss')} icon={<X />} onClick={() => dismissNotice(id)} />
              </div>
            </Note>
          </div>
        )
      })}
    </div>
  )
}
