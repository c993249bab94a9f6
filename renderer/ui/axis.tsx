// Marks under a strip, evenly spread: bare numbers, and the unit at the end alone.

import styles from './axis.module.css'

interface AxisProps {
  /** The whole, as people read it: `64 GiB`. */
  readonly end: string
  readonly marks?: number
}

export function Axis({ end, marks = 8 }: AxisProps) {
  const [amount = '', unit = ''] = end.split(' ')
  const whole = Number(amount.replace(',', '.'))
  const digits = whole < marks ? 2 : whole < marks * 10 ? 1 : 0
  return (
    <div className={styles.axis} aria-hidden="true">
      {Array.from({ length: marks + 1 }, (_, mark) => (
        <span key={mark} style={{ left: `${(mark / marks) * 100}%` }}>
          {mark === marks ? `${amount} ${unit}` : Number(((whole * mark) / marks).toFixed(digits))}
        </span>
      ))}
    </div>
  )
}
