// A bar that is filled to some part: progress of work, or space taken.

import { classNames } from './class-names.ts'
import styles from './bar.module.css'

interface BarProps {
  /** 0 to 1. */
  readonly part: number
  readonly kind: 'work' | 'space'
  readonly className?: string | undefined
  readonly title?: string
}

export function Bar({ part, kind, className, title }: BarProps) {
  return (
    <span className={classNames(styles.bar, styles[kind], className)} title={title} aria-hidden="true">
      <span className={styles.fill} style={{ width: `${Math.min(1, Math.max(0, part)) * 100}%` }} />
    </span>
  )
}

interface ProgressBarProps {
  readonly label: string
  /** 0 to 1; undefined while nothing is known. */
  readonly part: number | undefined
  readonly className?: string | undefined
}

export function ProgressBar({ label, part, className }: ProgressBarProps) {
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={part === undefined ? undefined : Math.floor(part * 100)}
      className={classNames(styles.bar, styles.work, className)}
    >
      <span className={styles.fill} style={{ width: `${(part ?? 0) * 100}%` }} />
    </span>
  )
}

export interface CapacityPart {
  /** 0 to 1 of the whole. */
  readonly part: number
  readonly kind: 'other' | 'own' | 'promised' | 'new'
}

interface CapacityBarProps {
  readonly parts: readonly CapacityPart[]
  /** Where the disk ends, 0 to 1, when more is promised than it holds. */
  readonly limit?: number | undefined
  readonly tall?: boolean
}

/** What fills a disk, in turn. */
export function CapacityBar({ parts, limit, tall = false }: CapacityBarProps) {
  return (
    <span className={classNames(styles.capacity, tall && styles.tall)} aria-hidden="true">
      <span className={styles.parts}>
        {parts.map(({ part, kind }) => (
          <span key={kind} className={styles[kind]} style={{ width: `${Math.min(1, Math.max(0, part)) * 100}%` }} />
        ))}
      </span>
      {limit !== undefined && <span className={styles.limit} style={{ left: `${limit * 100}%` }} />}
    </span>
  )
}
