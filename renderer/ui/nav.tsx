// Headings and entries of a sidebar.

import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './nav.module.css'

export function NavHeading({ title, action }: { readonly title: string; readonly action?: ReactNode }) {
  return (
    <div className={styles.heading}>
      <h2>{title}</h2>
      {action}
    </div>
  )
}

interface NavItemProps {
  readonly icon: ReactNode
  readonly title: string
  readonly count: string
  readonly warn?: boolean
  readonly current: boolean
  readonly onSelect: () => void
}

export function NavItem({ icon, title, count, warn = false, current, onSelect }: NavItemProps) {
  return (
    <li>
      <button
        type="button"
        className={classNames(styles.item, current && styles.current)}
        aria-current={current ? 'page' : undefined}
        onClick={onSelect}
      >
        {icon}
        <span className="cut">{title}</span>
        <span className={classNames(styles.count, warn && styles.warn)}>{count}</span>
      </button>
    </li>
  )
}
