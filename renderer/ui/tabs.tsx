// Several pages in one place, and the row of their names.

import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'
import styles from './tabs.module.css'

export interface Tab<Value extends string> {
  readonly value: Value
  readonly title: string
  /** In muted type behind the name. */
  readonly count?: string | undefined
  readonly shortcut?: string | undefined
}

interface TabsProps<Value extends string> {
  readonly label: string
  readonly tabs: readonly Tab<Value>[]
  readonly value: Value
  readonly onValueChange: (value: Value) => void
  /** Of the page that is shown. */
  readonly children: ReactNode
}

export function Tabs<Value extends string>({ label, tabs, value, onValueChange, children }: TabsProps<Value>) {
  return (
    <Base.Root
      className={styles.root}
      value={value}
      onValueChange={(chosen: unknown) => {
        const tab = tabs.find((one) => one.value === chosen)
        if (tab) onValueChange(tab.value)
      }}
    >
      <Base.List className={styles.list} aria-label={label} activateOnFocus>
        {tabs.map((tab) => (
          <Base.Tab key={tab.value} value={tab.value} className={styles.tab} title={tab.shortcut}>
            {tab.title}
            {tab.count !== undefined && <span className={styles.count}>{tab.count}</span>}
          </Base.Tab>
        ))}
      </Base.List>
      <Base.Panel className={styles.panel} value={value} tabIndex={-1}>
        {children}
      </Base.Panel>
    </Base.Root>
  )
}
