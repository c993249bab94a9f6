// One of a few ways to do something, each with what it means.

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import styles from './ways.module.css'

export interface Way<Value extends string> {
  readonly value: Value
  readonly title: string
  readonly detail: string
  /** It cannot be chosen now, and its detail says why. */
  readonly disabled?: boolean
}

interface WaysProps<Value extends string> {
  readonly label: string
  readonly ways: readonly Way<Value>[]
  readonly value: Value
  readonly onValueChange: (value: Value) => void
}

export function Ways<Value extends string>({ label, ways, value, onValueChange }: WaysProps<Value>) {
  return (
    <RadioGroup
      aria-label={label}
      className={styles.ways}
      value={value}
      onValueChange={(chosen: unknown) => {
        const way = ways.find((one) => one.value === chosen)
        if (way) onValueChange(way.value)
      }}
    >
      {ways.map((way) => (
        <Radio.Root key={way.value} value={way.value} disabled={way.disabled === true} className={styles.way}>
          <span className={styles.radio} />
          <span className="column">
            <span className="medium">{way.title}</span>
            <span className={styles.detail}>{way.detail}</span>
          </span>
        </Radio.Root>
      ))}
    </RadioGroup>
  )
}
