// A short word in a box: a format, a kind.

import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './badge.module.css'

interface BadgeProps {
  readonly tone?: 'plain' | 'accent' | 'info' | 'warn'
  readonly children: ReactNode
}

export function Badge({ tone = 'plain', children }: BadgeProps) {
  return <span className={classNames(styles.badge, styles[tone])}>{children}</span>
}
