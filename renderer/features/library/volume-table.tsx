// The library's table: thousands of rows, of which only those in sight exist.

import { useTable } from '@tanstack/react-table'
import type { SortingState } from '@tanstack/react-table'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import type { Range } from '@tanstack/react-virtual'
import { useLayoutEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { changeSettings, useSettings } from '../../state/settings.ts'
import { useView } from '../../state/view.ts'
import { useTextMeasure } from '../../ui/use-text-measure.ts'
import { useWidth } from '../../ui/use-width.ts'
import { columns, features } from './columns.tsx'
import { BEFORE_NAME, CutsContext, cutsFor } from './cuts.ts'
import { HeaderRow } from './header-row.tsx'
import { RowMenu } from './row-menu.tsx'
import { useGrid } from './use-grid.ts'
import { VolumeRow } from './volume-row.tsx'
import styles from './volume-table.module.css'

const ROW_HEIGHTS = { comfortable: 32, compact: 26 } as const
const HEADER_HEIGHT = 28
/** About a screen both ways: a flick of the wheel stays inside what is drawn. */
const OVERSCAN = 24

export function VolumeTable({ volumes }: { readonly volumes: readonly Volume[] }) {
  const { t } = useTranslation()
  const { sort, density } = useSettings((state) => state.settings)
  const selected = useView((state) => state.selected)
  const scroller = useRef<HTMLDivElement>(null)
  const nameColumn = useWidth()
  const parentColumn = useWidth()
  const bodyText = useTextMeasure(13)
  const smallText = useTextMeasure(12)
  const cuts = useMemo(
    () => ({
      name: cutsFor(nameColumn.width - BEFORE_NAME, bodyText),
      parent: cutsFor(parentColumn.width, smallText),
    }),
    [nameColumn.width, parentColumn.width, bodyText, smallText],
  )

  const sorting = useMemo<SortingState>(() => [{ id: sort.column, desc: sort.descending }], [sort])
  const table = useTable({
    features,
    columns,
    data: volumes,
    getRowId: (volume) => volume.id,
    state: { sorting },
    onSortingChange: (update) => {
      const [next] = typeof update === 'function' ? update(sorting) : update
      if (next) changeSettings({ sort: { column: next.id, descending: next.desc } })
    },
    enableSortingRemoval: false,
    enableMultiSort: false,
  })
  const { rows } = table.getRowModel()
  const order = useMemo(() => rows.map((row) => row.id), [rows])

  const rowHeight = ROW_HEIGHTS[density]
  const grid = useGrid({
    scroller,
    order,
    nameAt: (index) => rows[index]?.original.name ?? '',
    rowsOnPage: () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - HEADER_HEIGHT) / rowHeight) - 1),
    scrollTo: (index) => virtualizer.scrollToIndex(index),
  })
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => order[index] ?? index,
    overscan: OVERSCAN,
    scrollPaddingStart: HEADER_HEIGHT,
    scrollMargin: HEADER_HEIGHT,
    // The row that has the focus stays, or scrolling it out of sight would lose the focus.
    rangeExtractor: (range: Range) => withIndex(defaultRangeExtractor(range), grid.activeIndex),
  })
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight])

  return (
    <CutsContext value={cuts}>
      <div
        ref={scroller}
        role="grid"
        aria-label={t('library.volumes')}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-multiselectable="true"
        tabIndex={-1}
        className={styles.grid}
        onKeyDown={grid.onKeyDown}
        onMouseDown={grid.onMouseDown}
      >
        <HeaderRow
          table={table}
          columnRefs={{ name: nameColumn.ref, parent: parentColumn.ref }}
          onLeave={grid.enterRows}
        />
        <RowMenu>
          <div role="rowgroup" className={styles.body} style={{ height: virtualizer.getTotalSize() - HEADER_HEIGHT }}>
            {virtualizer.getVirtualItems().map((item) => {
              const row = rows[item.index]
              return (
                row && (
                  <VolumeRow
                    key={row.id}
                    row={row}
                    index={item.index}
                    top={item.start - HEADER_HEIGHT}
                    selected={selected.has(row.id)}
                    tabStop={item.index === grid.tabStop}
                  />
                )
              )
            })}
          </div>
        </RowMenu>
      </div>
    </CutsContext>
  )
}

function withIndex(indexes: readonly number[], index: number): number[] {
  return index < 0 || indexes.includes(index) ? [...indexes] : [...indexes, index].toSorted((a, b) => a - b)
}
