// The name of a state on one line: of a file, the end always stays to be seen; without measuring, so that rows are cheap.

import type { HistoryNode } from '../../../core/model/index.ts'
import styles from './rail.module.css'

const TAIL = 9

export function NodeName({ node: { name, snapshot } }: { readonly node: HistoryNode }) {
  if (snapshot || name.length <= TAIL)
    return (
      <span className={styles.label} title={name}>
        <span className="cut">{name}</span>
      </span>
    )
  return (
    <span className={styles.label} title={name}>
      <span className="visually-hidden">{name}</span>
      <span className="cut" aria-hidden="true">
        {name.slice(0, -TAIL)}
      </span>
      <span className={styles.tail} aria-hidden="true">
        {name.slice(-TAIL)}
      </span>
    </span>
  )
}
