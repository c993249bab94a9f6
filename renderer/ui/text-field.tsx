// A line of text to type, with something fixed before or after it.

import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './text-field.module.css'

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'type' | 'onChange' | 'value' | 'prefix'> {
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly before?: ReactNode
  readonly after?: ReactNode
  readonly invalid?: boolean
  readonly quiet?: boolean
}

export function TextField({ onValueChange, before, after, invalid, quiet, className, ...rest }: TextFieldProps) {
  return (
    <span className={classNames(styles.field, invalid && styles.invalid, quiet && styles.quiet, className)}>
      {before}
      <input
        type="text"
        spellCheck={false}
        autoComplete="off"
        aria-invalid={invalid === true ? true : undefined}
        className={styles.input}
        onChange={(event) => onValueChange(event.target.value)}
        {...rest}
      />
      {after !== undefined && <span className={styles.after}>{after}</span>}
    </span>
  )
}
