// The columns of the library's table, as data.

import {
  createColumnHelper,
  createSortedRowModel,
  metaHelper,
  rowSortingFeature,
  tableFeatures,
} from '@tanstack/react-table'
import type { ColumnDef, SortFn } from '@tanstack/react-table'
import { t } from 'i18next'
import type { ParseKeys } from 'i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { dateText, fullDateText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Badge } from '../../ui/badge.tsx'
import { Bar } from '../../ui/bar.tsx'
import { Health } from './health.tsx'
import { sortKey } from './sort-key.ts'
import { UsedBy } from './used-by.tsx'
import { ParentName, VolumeName } from './volume-name.tsx'

interface ColumnMeta {
  readonly title: ParseKeys
  /** As a track of the table's grid. */
  readonly width: string
  readonly numeric?: boolean
  /** In muted type: less asked for than the rest. */
  readonly quiet?: boolean
  /** Drawn with the column before it, under one heading. */
  readonly joined?: boolean
}

export const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  columnMeta: metaHelper<ColumnMeta>(),
})

const byValue: SortFn<typeof features, Volume> = (one, other, column) => {
  const left = one.getValue<number | string>(column)
  const right = other.getValue<number | string>(column)
  return left < right ? -1 : left > right ? 1 : 0
}

const helper = createColumnHelper<typeof features, Volume>()

export const columns = helper.columns([
  helper.accessor((volume) => sortKey(volume.name), {
    id: 'name',
    sortFn: byValue,
    meta: { title: 'library.name', width: 'minmax(164px, 3fr)' },
    cell: ({ row }) => <VolumeName volume={row.original} />,
  }),
  helper.accessor((volume) => volume.format ?? '', {
    id: 'format',
    sortFn: byValue,
    meta: { title: 'library.format', width: '56px' },
    cell: ({ row: { original } }) => (
      <>
        {original.format && <Badge>{original.format.toUpperCase()}</Badge>}
        {original.encrypted === true && <span className="visually-hidden">{t('lock.badge')}</span>}
      </>
    ),
  }),
  helper.accessor((volume) => volume.virtualSize, {
    id: 'size',
    sortFn: byValue,
    sortUndefined: 'last',
    sortDescFirst: true,
    meta: { title: 'library.size', width: '56px', numeric: true },
    cell: ({ row }) => (row.original.virtualSize === undefined ? '–' : sizeText(row.original.virtualSize)),
  }),
  helper.accessor((volume) => volume.allocatedSize, {
    id: 'disk',
    sortFn: byValue,
    sortDescFirst: true,
    meta: { title: 'library.onDisk', width: '60px', numeric: true },
    cell: ({ row }) => sizeText(row.original.allocatedSize),
  }),
  helper.display({
    id: 'bar',
    meta: { title: 'library.onDisk', width: 'minmax(32px, 0.4fr)', joined: true },
    cell: ({ row }) => <UsedBar volume={row.original} />,
  }),
  helper.accessor((volume) => (volume.backing === undefined ? undefined : sortKey(fileName(volume.backing))), {
    id: 'parent',
    sortFn: byValue,
    sortUndefined: 'last',
    meta: { title: 'library.parent', width: 'minmax(72px, 1.2fr)', quiet: true },
    cell: ({ row }) => <ParentName backing={row.original.backing} />,
  }),
  helper.accessor((volume) => (volume.inUse ? 1_000_000 : 0) + (volume.overlayCount ?? 0), {
    id: 'users',
    sortFn: byValue,
    sortDescFirst: true,
    meta: { title: 'library.usedBy', width: 'minmax(72px, 0.8fr)', quiet: true },
    cell: ({ row }) => <UsedBy volume={row.original} />,
  }),
  helper.accessor((volume) => volume.error?.code ?? (volume.parentMissing === true ? 'missing-file' : undefined), {
    id: 'health',
    sortFn: byValue,
    sortUndefined: 'last',
    meta: { title: 'library.health', width: 'minmax(80px, 0.6fr)', quiet: true },
    cell: ({ row }) => <Health volume={row.original} />,
  }),
  helper.accessor((volume) => volume.modifiedAt, {
    id: 'modified',
    sortFn: byValue,
    sortDescFirst: true,
    meta: { title: 'library.modified', width: '60px', numeric: true, quiet: true },
    cell: ({ row }) => (
      <span className="secondary" title={fullDateText(row.original.modifiedAt)}>
        {dateText(row.original.modifiedAt)}
      </span>
    ),
  }),
])

function UsedBar({ volume: { allocatedSize, virtualSize } }: { readonly volume: Volume }) {
  if (virtualSize === undefined || virtualSize === 0) return null
  return <Bar kind="space" part={allocatedSize / virtualSize} />
}

/** What may be hidden, each with what is drawn with it: a table without names would be none. */
export const OPTIONAL_COLUMNS = [
  { id: 'format', title: 'library.format' },
  { id: 'size', title: 'library.size' },
  { id: 'disk', title: 'library.onDisk' },
  { id: 'parent', title: 'library.parent' },
  { id: 'users', title: 'library.usedBy' },
  { id: 'health', title: 'library.health' },
  { id: 'modified', title: 'library.modified' },
] as const

type Columns = ColumnDef<typeof features, Volume>[]

export function shownColumns(hidden: readonly string[]): Columns {
  const isHidden = (id: string | undefined): boolean => hidden.includes(id === 'bar' ? 'disk' : (id ?? ''))
  return (columns as unknown as Columns).filter((column) => !isHidden(column.id))
}

export function tracksOf(shown: Columns): string {
  return shown.map(({ meta }) => meta?.width ?? 'auto').join(' ')
}
