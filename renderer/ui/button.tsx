// Buttons: plain, primary, ghost, and one for what cannot be taken back; with or without an icon.

import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './button.module.css'

interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: 'plain' | 'primary' | 'danger' | 'ghost'
  readonly size?: 'normal' | 'small' | 'tiny'
  readonly icon?: ReactNode
}

export function Button({
  type = 'button',
  variant = 'plain',
  size = 'normal',
  icon,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button type={type} className={classNames(styles.button, styles[variant], styles[size], className)} {...rest}>
      {icon}
      {children}
    </button>
  )
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'type' | 'children' | 'aria-label'> {
  /** What it does; also shown as its tooltip, with the shortcut. */
  readonly label: string
  readonly shortcut?: string | undefined
  readonly icon: ReactNode
  readonly size?: 'normal' | 'small' | 'tiny'
  readonly pressed?: boolean
}

export function IconButton({ label, shortcut, icon, size = 'normal', pressed, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={pressed}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      className={classNames(styles.button, styles.ghost, styles.icon, styles[size], className)}
      {...rest}
    >
      {icon}
    </button>
  )
}
