// The library's table: thousands of rows, of which only those in sight exist.

import { useTable } from '@tanstack/react-table'
import type { SortingState } from '@tanstack/react-table'
import { useMemo, useRef } from 'react'
import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { openVolume } from '../../commands/change-commands.ts'
import { changeSettings, useSettings } from '../../state/settings.ts'
import { useTextMeasure } from '../../ui/use-text-measure.ts'
import { useWidth } from '../../ui/use-width.ts'
import { features, shownColumns, tracksOf } from './columns.tsx'
import { BEFORE_NAME, CutsContext, cutsFor } from './cuts.ts'
import { HeaderRow } from './header-row.tsx'
import { RowMenu } from './row-menu.tsx'
import { useGrid } from './use-grid.ts'
import { VolumeRows } from './volume-rows.tsx'
import styles from './volume-table.module.css'

const ROW_HEIGHTS = { comfortable: 32, compact: 26 } as const

export function VolumeTable({ volumes }: { readonly volumes: readonly Volume[] }) {
  const { t } = useTranslation()
  const { sort, density, hiddenColumns } = useSettings((state) => state.settings)
  const scroller = useRef<HTMLDivElement>(null)
  const cuts = useCuts()

  const sorting = useMemo<SortingState>(() => [{ id: sort.column, desc: sort.descending }], [sort])
  const columns = useMemo(() => shownColumns(hiddenColumns), [hiddenColumns])
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
  const rowHeight = ROW_HEIGHTS[density]
  const grid = useGrid({
    scroller,
    rowHeight,
    order: useMemo(() => rows.map((row) => row.id), [rows]),
    nameAt: (index) => rows[index]?.original.name ?? '',
    onOpen: (index) => {
      const volume = rows[index]?.original
      if (volume) openVolume(volume)
    },
  })

  return (
    <CutsContext value={cuts.value}>
      <div
        ref={scroller}
        role="grid"
        aria-label={t('library.volumes')}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-multiselectable="true"
        tabIndex={-1}
        className={styles.grid}
        style={{ '--columns': tracksOf(columns) } as CSSProperties}
        onKeyDown={grid.onKeyDown}
        onMouseDown={grid.onMouseDown}
        onDoubleClick={grid.onDoubleClick}
      >
        <HeaderRow table={table} columnRefs={cuts.columnRefs} onLeave={grid.enterRows} />
        <RowMenu>
          <div role="rowgroup" className={styles.body} style={{ height: rows.length * rowHeight }}>
            <VolumeRows rows={rows} rowHeight={rowHeight} scroller={scroller} grid={grid} />
          </div>
        </RowMenu>
      </div>
    </CutsContext>
  )
}

/** Names are cut to the width of their column, which the headings tell. */
function useCuts() {
  const name = useWidth()
  const parent = useWidth()
  const bodyText = useTextMeasure(13)
  const smallText = useTextMeasure(12)
  const value = useMemo(
    () => ({ name: cutsFor(name.width - BEFORE_NAME, bodyText), parent: cutsFor(parent.width, smallText) }),
    [name.width, parent.width, bodyText, smallText],
  )
  return { value, columnRefs: { name: name.ref, parent: parent.ref } }
}
