// A line for a passphrase, hidden unless it is asked to be shown. What is typed stays in the field: nothing keeps it as text.

import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import type { ComponentProps, Ref } from 'react'
import { IconButton } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './text-field.module.css'

interface SecretFieldProps extends Omit<
  ComponentProps<'input'>,
  'type' | 'onChange' | 'value' | 'defaultValue' | 'ref'
> {
  readonly fieldRef: Ref<HTMLInputElement>
  readonly invalid?: boolean
  readonly labels: { readonly show: string; readonly hide: string }
  readonly onEdit?: (field: HTMLInputElement) => void
}

export function SecretField({ fieldRef, invalid, labels, onEdit, ...rest }: SecretFieldProps) {
  const [shown, setShown] = useState(false)
  return (
    <span className={classNames(styles.field, invalid && styles.invalid)}>
      <input
        ref={fieldRef}
        type={shown ? 'text' : 'password'}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={invalid === true ? true : undefined}
        className={styles.input}
        onChange={(event) => onEdit?.(event.target)}
        {...rest}
      />
      <IconButton
        size="small"
        label={shown ? labels.hide : labels.show}
        icon={shown ? <EyeOff /> : <Eye />}
        onClick={() => setShown((before) => !before)}
      />
    </span>
  )
}

/** As bytes, which whoever asked for them overwrites. */
export function secretIn(field: HTMLInputElement | null): Uint8Array {
  return new TextEncoder().encode(field?.value ?? '')
}
