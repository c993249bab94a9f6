// The table's headings: each sorts by its column, and the arrow keys go along them.

import type { ReactTable } from '@tanstack/react-table'
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { KeyboardEvent, Ref } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { classNames } from '../../ui/class-names.ts'
import type { features } from './columns.tsx'
import styles from './volume-table.module.css'

interface HeaderRowProps {
  readonly table: ReactTable<typeof features, Volume>
  /** For columns whose width is wanted. */
  readonly columnRefs: Readonly<Record<string, Ref<HTMLDivElement>>>
  /** The Down key: back to the rows. */
  readonly onLeave: () => void
}

export function HeaderRow({ table, columnRefs, onLeave }: HeaderRowProps) {
  const { t } = useTranslation()

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    if (event.key === 'ArrowDown') {
      event.preventDefault()
      onLeave()
      return
    }
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('button')]
    const at = buttons.findIndex((button) => button === document.activeElement)
    buttons[at + step]?.focus()
  }

  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={classNames(styles.row, styles.headings)} onKeyDown={onKeyDown}>
        {table.getHeaderGroups()[0]?.headers.map((header) => {
          const { column } = header
          const meta = column.columnDef.meta
          const sorted = column.getIsSorted()
          if (!meta) return null
          return (
            <div
              key={header.id}
              role="columnheader"
              ref={columnRefs[column.id]}
              aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined}
              className={classNames(meta.numeric === true && 'number')}
            >
              {meta.joined === true ? (
                <span className="visually-hidden">{t(meta.title)}</span>
              ) : (
                <button
                  type="button"
                  tabIndex={-1}
                  className={classNames(styles.heading, sorted !== false && styles.sorted)}
                  onClick={() => column.toggleSorting()}
                >
                  {t(meta.title)}
                  {sorted === 'asc' && <ArrowUp className="icon-14" aria-hidden="true" />}
                  {sorted === 'desc' && <ArrowDown className="icon-14" aria-hidden="true" />}
                </button>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}
