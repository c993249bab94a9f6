// A few figures side by side, each below its label: what something costs.

import type { ReactNode } from 'react'
import styles from './figures.module.css'

export interface Figure {
  readonly label: string
  readonly value: ReactNode
}

export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <dl className={styles.figures}>
      {figures.map(({ label, value }) => (
        <div key={label}>
          <dt className="cut" title={label}>
            {label}
          </dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
