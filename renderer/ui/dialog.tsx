// The frame of every dialog: it takes the focus, keeps it, and gives it back.

import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { IconButton } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './dialog.module.css'

interface DialogProps {
  readonly title: string
  readonly width: 'narrow' | 'medium' | 'wide'
  /** It asks before something is lost. */
  readonly alert?: boolean
  readonly closeLabel: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly footer: ReactNode
  /** A column at the right, as high as the body; it carries the close button then. */
  readonly aside?: ReactNode
  readonly asideTitle?: string
  readonly initialFocus?: RefObject<HTMLElement | null> | undefined
}

export function Dialog(props: DialogProps) {
  const { title, width, alert = false, closeLabel, onClose, children, footer, aside, asideTitle, initialFocus } = props
  const close = (
    <Base.Close render={<IconButton label={closeLabel} shortcut="Esc" icon={<X />} className={styles.close} />} />
  )
  const onOpenChange = (open: boolean): void => {
    if (!open) onClose()
  }
  const content = (
    <Base.Portal>
      <Base.Backdrop className={styles.backdrop} />
      <Base.Viewport className={styles.viewport}>
        <Base.Popup className={classNames(styles.popup, styles[width])} initialFocus={initialFocus}>
          <div className={classNames(styles.columns, aside !== undefined && styles.split)}>
            <div className={styles.main}>
              <div className={styles.header}>
                <Base.Title className="title cut grow" title={title}>
                  {title}
                </Base.Title>
                {aside === undefined && close}
              </div>
              <div className={styles.body}>{children}</div>
            </div>
            {aside !== undefined && (
              <aside className={styles.aside} aria-label={asideTitle}>
                <div className={styles.asideHeader}>
                  <span className="strong grow">{asideTitle}</span>
                  {close}
                </div>
                {aside}
              </aside>
            )}
          </div>
          <div className={styles.footer}>{footer}</div>
        </Base.Popup>
      </Base.Viewport>
    </Base.Portal>
  )
  return alert ? (
    <AlertDialog.Root open onOpenChange={onOpenChange}>
      {content}
    </AlertDialog.Root>
  ) : (
    // A click beside it must not lose what was typed.
    <Base.Root open onOpenChange={onOpenChange} disablePointerDismissal>
      {content}
    </Base.Root>
  )
}
