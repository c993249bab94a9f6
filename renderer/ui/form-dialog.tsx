// A dialog that is one form: what it does, and at its foot the way out and the way on.

import { useId, useRef } from 'react'
import type { ReactNode, RefObject } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import styles from './form-dialog.module.css'

interface FormDialogProps {
  readonly title: string
  readonly width?: 'narrow' | 'medium'
  /** It asks before something is lost. */
  readonly alert?: boolean
  readonly labels: { readonly close: string; readonly cancel: string }
  readonly submit: string
  readonly danger?: boolean
  /** Why it cannot be done now; undefined when it can. */
  readonly reason?: string | undefined
  /** Beside the buttons: what is safe. */
  readonly promise?: ReactNode
  /** Left out, one begins at the way out. */
  readonly initialFocus?: RefObject<HTMLElement | null>
  readonly onSubmit: () => void
  readonly onClose: () => void
  readonly children: ReactNode
}

export function FormDialog(props: FormDialogProps) {
  const { title, width = 'narrow', alert = false, labels, submit, danger = false, reason, promise } = props
  const { initialFocus, onSubmit, onClose, children } = props
  const formId = useId()
  const reasonId = useId()
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <Dialog
      title={title}
      width={width}
      alert={alert}
      closeLabel={labels.close}
      onClose={onClose}
      initialFocus={initialFocus ?? cancel}
      footer={
        <>
          <span id={reasonId} className={styles.promise}>
            {reason ?? promise}
          </span>
          <Button ref={cancel} onClick={onClose}>
            {labels.cancel}
          </Button>
          <Button
            variant={danger ? 'danger' : 'primary'}
            type="submit"
            form={formId}
            aria-disabled={reason === undefined ? undefined : true}
            aria-describedby={reasonId}
          >
            {submit}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (reason === undefined) onSubmit()
        }}
      >
        {children}
      </form>
    </Dialog>
  )
}

interface FieldProps {
  readonly label: ReactNode
  readonly htmlFor?: string
  readonly problem?: { readonly id: string; readonly text: string } | undefined
  readonly children: ReactNode
}

/** A field below its label, and what is wrong with it. */
export function Field({ label, htmlFor, problem, children }: FieldProps) {
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={htmlFor}>
        {label}
      </label>
      {children}
      {problem && (
        <p id={problem.id} className={styles.problem}>
          {problem.text}
        </p>
      )}
    </div>
  )
}

/** Below what it belongs to, with a little air. */
export function Block({ children }: { readonly children: ReactNode }) {
  return <div className={styles.block}>{children}</div>
}
