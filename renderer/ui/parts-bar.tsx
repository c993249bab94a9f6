// Parts of a whole to scale, each with its name and how full it is; what belongs to nobody stays open.

import { classNames } from './class-names.ts'
import styles from './parts-bar.module.css'

export interface BarPart {
  readonly id: string
  /** Of the whole: 0 to 1. */
  readonly start: number
  readonly length: number
  readonly name: string
  readonly detail?: string
  /** Of the part: 0 to 1. */
  readonly used?: number
  readonly marked?: boolean
}

/** Narrower ones, of the whole, have no room for words. */
const NARROW = 0.06

/** For the eye alone: the same stands in words beside it. */
export function PartsBar({ parts, height }: { readonly parts: readonly BarPart[]; readonly height: number }) {
  return (
    <div className={styles.bar} style={{ height }} aria-hidden="true">
      {parts.map((part) => (
        <Part key={part.id} part={part} />
      ))}
    </div>
  )
}

function Part({ part: { start, length, name, detail, used, marked } }: { readonly part: BarPart }) {
  const narrow = length < NARROW
  return (
    <div
      className={classNames(styles.part, narrow && styles.narrow, marked === true && styles.marked)}
      // A part is there, however small it is.
      style={{ left: percent(start), width: `max(3px, ${percent(length)})` }}
      title={[name, detail].filter(Boolean).join(', ')}
    >
      {!narrow && (
        <>
          <span className="medium">{name}</span> <span className="muted">{detail}</span>
        </>
      )}
      {used !== undefined && <span className={styles.used} style={{ width: percent(used) }} />}
    </div>
  )
}

function percent(part: number): string {
  return `${Math.max(0, Math.min(1, part)) * 100}%`
}
