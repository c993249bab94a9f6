// One row of the table.

import { FlexRender } from '@tanstack/react-table'
import type { Row } from '@tanstack/react-table'
import { memo } from 'react'
import type { Volume } from '../../../electron/contract/data.ts'
import { classNames } from '../../ui/class-names.ts'
import type { features } from './columns.tsx'
import styles from './volume-table.module.css'

interface VolumeRowProps {
  readonly row: Row<typeof features, Volume>
  readonly index: number
  /** From the top of the first row, in pixels. */
  readonly top: number
  readonly selected: boolean
  /** Tab leads here. */
  readonly tabStop: boolean
}

export const VolumeRow = memo(function VolumeRow({ row, index, top, selected, tabStop }: VolumeRowProps) {
  return (
    <div
      role="row"
      // The header is row 1.
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-index={index}
      data-selected={selected ? '' : undefined}
      tabIndex={tabStop ? 0 : -1}
      className={classNames(styles.row, styles.item)}
      style={{ transform: `translateY(${top}px)` }}
    >
      {row.getAllCells().map((cell) => (
        <div
          key={cell.id}
          role="gridcell"
          className={classNames(
            cell.column.columnDef.meta?.numeric === true && 'number',
            cell.column.columnDef.meta?.quiet === true && styles.quiet,
          )}
        >
          <FlexRender cell={cell} />
        </div>
      ))}
    </div>
  )
})
