// What something would do, one thing to a line: a picture, the sentence, and how much.

import type { ReactNode } from 'react'
import styles from './impacts.module.css'

export interface Impact {
  readonly icon: ReactNode
  readonly text: string
  /** Below it, in muted type. */
  readonly detail?: string | undefined
  readonly amount?: string | undefined
}

/** More lines than this may have to be scrolled, which the keyboard must be able to do. */
const SHOWN = 3

export function Impacts({ label, impacts }: { readonly label: string; readonly impacts: readonly Impact[] }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be within reach of the keyboard
    <ul className={styles.impacts} aria-label={label} tabIndex={impacts.length > SHOWN ? 0 : undefined}>
      {impacts.map(({ icon, text, detail, amount }) => (
        <li key={text} className={styles.impact}>
          {icon}
          <span className={styles.text}>
            {text}
            {detail !== undefined && <span className={styles.detail}>{detail}</span>}
          </span>
          {amount !== undefined && <span className="muted nowrap">{amount}</span>}
        </li>
      ))}
    </ul>
  )
}
