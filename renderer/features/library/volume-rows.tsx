// The rows in sight, and about a screen of them on either side; this alone is drawn anew while scrolling.

import type { Row } from '@tanstack/react-table'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import type { Range } from '@tanstack/react-virtual'
import { useCallback, useLayoutEffect } from 'react'
import type { RefObject } from 'react'
import type { Volume } from '../../../electron/contract/data.ts'
import { useView } from '../../state/view.ts'
import type { features } from './columns.tsx'
import type { Grid } from './use-grid.ts'
import { VolumeRow } from './volume-row.tsx'

interface VolumeRowsProps {
  readonly rows: readonly Row<typeof features, Volume>[]
  readonly rowHeight: number
  readonly scroller: RefObject<HTMLElement | null>
  readonly grid: Pick<Grid, 'activeIndex' | 'tabStop'>
}

/** A flick of the wheel stays inside what is drawn. */
const OVERSCAN = 16

export function VolumeRows({ rows, rowHeight, scroller, grid: { activeIndex, tabStop } }: VolumeRowsProps) {
  const selected = useView((state) => state.selected)
  // New functions would make it lay out all rows anew, at every draw.
  const estimateSize = useCallback(() => rowHeight, [rowHeight])
  const getItemKey = useCallback((index: number) => rows[index]?.id ?? index, [rows])
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize,
    getItemKey,
    overscan: OVERSCAN,
    // The row that has the focus stays, or scrolling it out of sight would lose the focus.
    rangeExtractor: (range: Range) => withIndex(defaultRangeExtractor(range), activeIndex),
  })
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight])

  return virtualizer.getVirtualItems().map((item) => {
    const row = rows[item.index]
    return (
      row && (
        <VolumeRow
          key={row.id}
          row={row}
          index={item.index}
          top={item.start}
          selected={selected.has(row.id)}
          tabStop={item.index === tabStop}
        />
      )
    )
  })
}

function withIndex(indexes: readonly number[], index: number): number[] {
  return index < 0 || indexes.includes(index) ? [...indexes] : [...indexes, index].toSorted((a, b) => a - b)
}
