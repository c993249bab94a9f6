// An L1 table and all that it leads to: the disk, or what a snapshot has kept of it.

import type { Pace } from '../../jobs/pace.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Changes } from './changes.ts'
import type { ClusterList } from './cluster-list.ts'
import { damaged } from './damage.ts'
import { decodeL1, isEmptyL2 } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import { l1Bytes } from './geometry.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { L1_ENTRY_SIZE } from './layout.ts'
import type { L1Place } from './snapshot-entry.ts'
import type { Table } from '../../image/table-cache.ts'

export interface TreeWork {
  readonly file: ImageFile
  readonly changes: Changes
  /** Told the bytes of disk that each table speaks for. */
  readonly pace?: Pace | undefined
}

/** An L1 table, of which only the entries from `first` up to `end` count. */
export interface Root {
  readonly view: DataView
  /** Host bytes, for messages. */
  readonly offset: number
  readonly first: number
  readonly end: number
}

/** The L1 table of a snapshot. Throws `invalid-image` when it is not where one can be. */
export async function readRoot(file: ImageFile, { offset, entries }: L1Place): Promise<Root> {
  const bytes = new Uint8Array(l1Bytes(entries))
  if (offset + bytes.length > file.size)
    throw damaged(
      file.storage.name,
      `the L1 table of a snapshot, at offset ${offset}, runs past the end of the file at ${file.size}`,
      offset,
    )
  await readPadded(file.storage, offset, bytes)
  return { view: new DataView(bytes.buffer), offset, first: 0, end: entries }
}

/** The L1 table of the disk as it is now. */
export async function activeRoot(file: ImageFile): Promise<Root> {
  const { view, offset } = await file.l1()
  return { view, offset, first: 0, end: file.header.l1_size }
}

/** A copy of the root with `entries` entries, none of which says that its table belongs to it alone. */
export function sharedCopy(file: ImageFile, root: Root, entries: number): Uint8Array {
  const bytes = new Uint8Array(l1Bytes(entries))
  const view = new DataView(bytes.buffer)
  for (let index = root.first; index < Math.min(root.end, entries); index += 1) {
    const entry = decodeL1(file.geometry, root.view, index)
    if (entry.kind === 'table') view.setBigUint64(index * L1_ENTRY_SIZE, BigInt(entry.offset))
  }
  return bytes
}

export interface TreeTable {
  /** Of its L1 entry. */
  readonly index: number
  readonly table: Table
}

/** `pace` is told of the tables there are not as well, so that it adds up to the disk. */
export async function* tablesOf(file: ImageFile, root: Root, pace?: Pace): AsyncGenerator<TreeTable, void, undefined> {
  const { geometry, l2Tables, size, storage } = file
  let untold = 0
  for (let index = root.first; index < root.end; index += 1) {
    untold += geometry.tableSpan
    const entry = decodeL1(geometry, root.view, index)
    if (entry.kind === 'none') continue
    await pace?.(untold)
    untold = 0
    const place = root.offset + index * L1_ENTRY_SIZE
    if (entry.kind === 'invalid') throw damaged(storage.name, `the L1 entry at offset ${place} ${entry.problem}`, place)
    if (entry.offset + geometry.clusterSize > size)
      throw damaged(
        storage.name,
        `the L1 entry at offset ${place} leads to offset ${entry.offset}, past the end of the file at ${size}`,
        place,
      )
    yield { index, table: l2Tables.peek(entry.offset) ?? (await l2Tables.load(entry.offset)) }
  }
  await pace?.(untold)
}

/** Adds the table itself and every cluster of this file that it leads to. */
export function gather(file: ImageFile, table: Table, index: number, clusters: ClusterList): void {
  const { geometry } = file
  const { clusterSize, entriesPerTable } = geometry
  clusters.add(table.offset / clusterSize)
  if (geometry.externalData) return
  for (let number = 0; number < entriesPerTable; number += 1) {
    if (isEmptyL2(geometry, table.view, number)) continue
    const entry = soundEntry(file, table, index * entriesPerTable + number)
    gatherEntry(entry, clusterSize, clusters)
  }
}

/** Adds the clusters of an entry, of which packed data may have several. */
export function gatherEntry(entry: StandardEntry | CompressedEntry, clusterSize: number, clusters: ClusterList): void {
  if (entry.offset === undefined) return
  const length = entry.kind === 'compressed' ? entry.length : clusterSize
  const last = Math.floor((entry.offset + length - 1) / clusterSize)
  for (let cluster = Math.floor(entry.offset / clusterSize); cluster <= last; cluster += 1) clusters.add(cluster)
}
