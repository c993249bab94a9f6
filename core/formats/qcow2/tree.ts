// An L1 table and all that it leads to, as the reference counts see it: shared with one more, with one less, or not at all.

import { SpindleError } from '../../model/error.ts'
import type { Pace } from '../../jobs/pace.ts'
import { MiB } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Run } from './allocator.ts'
import type { Changes } from './changes.ts'
import { ClusterList } from './cluster-list.ts'
import { damaged } from './damage.ts'
import { decodeL1, isCopied, isEmptyL2, markCopied } from './entries.ts'
import { l1Bytes } from './geometry.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { L1_ENTRY_SIZE } from './layout.ts'
import type { L1Place } from './snapshot-entry.ts'
import type { Table } from './table-cache.ts'

/** Changed tables are written out once they are so many bytes. */
const MAX_CHANGED = 4 * MiB

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

/** Throws `unsupported` when something in the tree cannot be counted once more. Changes nothing. */
export async function checkRoomToShare({ file, changes }: TreeWork, root: Root): Promise<void> {
  const { refcounts } = changes
  // A tree refers to nothing more often than it is counted, so sharing it doubles a count at most.
  if ((await refcounts.largest()) * 2 <= refcounts.max) return
  const clusters = new ClusterList()
  const check = (): Promise<void> =>
    refcounts.update(clusters.take(), (count, times, cluster) => {
      raised(file, refcounts.max, { count, times, cluster })
      return count
    })
  for await (const { table, index } of tablesOf(file, root)) {
    gather(file, table, index, clusters)
    if (clusters.isFull) await check()
  }
  await check()
}

/**
 * Counts everything the root leads to once more, durably. Before that nothing of it may say any longer that it belongs
 * to one owner alone, or the next write would go through to the other one.
 */
export async function share({ file, changes, pace }: TreeWork, root: Root): Promise<void> {
  const { l2Tables, storage } = file
  const { refcounts } = changes
  const clusters = new ClusterList()
  const raise = async (): Promise<void> => {
    if (l2Tables.changedBytes > 0) {
      await l2Tables.writeBack()
      await storage.flush()
    }
    await refcounts.update(clusters.take(), (count, times, cluster) =>
      raised(file, refcounts.max, { count, times, cluster }),
    )
  }
  for await (const { table, index } of tablesOf(file, root, pace)) {
    gather(file, table, index, clusters)
    disown(file, table)
    if (clusters.isFull || l2Tables.changedBytes > MAX_CHANGED) await raise()
  }
  await raise()
  await refcounts.writeBack()
  await storage.flush()
}

/** Counts everything the root leads to once less, durably. On disk, nothing leads from it to anything any more. */
export async function release({ file, changes, pace }: TreeWork, root: Root): Promise<void> {
  const releasing = new Release(file, changes)
  for await (const { table, index } of tablesOf(file, root, pace)) {
    gather(file, table, index, releasing.clusters)
    if (releasing.clusters.isFull) await releasing.lower()
  }
  await releasing.finish()
}

/** The same for clusters that lie together. */
export async function releaseRuns({ file, changes }: TreeWork, runs: readonly Run[]): Promise<void> {
  const releasing = new Release(file, changes)
  for (const { first, count } of runs) {
    for (let cluster = first; cluster < first + count; cluster += 1) releasing.clusters.add(cluster)
  }
  await releasing.finish()
}

/** The disk's L1 table no longer says of any of the disk's tables that it belongs to one owner alone. Durable. */
export async function disownRoot({ file }: TreeWork): Promise<void> {
  const l1 = await file.l1()
  for (let at = 0; at < l1Bytes(file.geometry.tableCount); at += L1_ENTRY_SIZE) {
    if (!isCopied(l1.view, at)) continue
    markCopied(l1.view, at, false)
    l1.change(at, L1_ENTRY_SIZE)
  }
  if (!l1.changed) return
  await l1.writeBack(file.storage)
  await file.storage.flush()
}

/** Marks everything that the disk has to itself as such, so that it may be written in place again. */
export async function reclaim({ file, changes, pace }: TreeWork): Promise<void> {
  const { l2Tables, storage } = file
  const l1 = await file.l1()
  for await (const { table, index } of tablesOf(file, await activeRoot(file), pace)) {
    if ((await countOf(file, changes, table.offset)) !== 1) continue
    const at = index * L1_ENTRY_SIZE
    if (!isCopied(l1.view, at)) {
      markCopied(l1.view, at, true)
      l1.change(at, L1_ENTRY_SIZE)
    }
    await reclaimEntries(file, changes, table, index)
    if (l2Tables.changedBytes > MAX_CHANGED) await l2Tables.writeBack()
  }
  await l2Tables.writeBack()
  if (l1.changed) await l1.writeBack(storage)
  await storage.flush()
}

async function reclaimEntries(file: ImageFile, changes: Changes, table: Table, index: number): Promise<void> {
  const { geometry, l2Tables } = file
  const shared: { readonly at: number; readonly offset: number }[] = []
  for (let entry = 0; entry < geometry.entriesPerTable; entry += 1) {
    if (isEmptyL2(geometry, table.view, entry)) continue
    const found = soundEntry(file, table, index * geometry.entriesPerTable + entry)
    if (found.kind === 'compressed' || found.copied || found.offset === undefined) continue
    shared.push({ at: entry * geometry.entrySize, offset: found.offset })
  }
  // In file order, so that each refcount block is asked for once.
  for (const { at, offset } of shared.toSorted((left, right) => left.offset - right.offset)) {
    const count = changes.refcounts.peek(offset / geometry.clusterSize) ?? (await countOf(file, changes, offset))
    if (count !== 1) continue
    markCopied(table.view, at, true)
    l2Tables.change(table, at, geometry.entrySize)
  }
}

/** Clusters that lose an owner each, and what becomes free by that. */
class Release {
  readonly clusters = new ClusterList()
  readonly #file: ImageFile
  readonly #changes: Changes
  readonly #freed: { first: number; count: number }[] = []

  constructor(file: ImageFile, changes: Changes) {
    this.#file = file
    this.#changes = changes
  }

  async lower(): Promise<void> {
    const { clusterSize } = this.#file.geometry
    await this.#changes.refcounts.update(this.clusters.take(), (count, times, cluster) => {
      if (count < times)
        throw damaged(
          this.#file.storage.name,
          `the reference count of cluster ${cluster}, which is in use, is too low`,
          cluster * clusterSize,
        )
      if (count === times) this.#free(cluster)
      return count - times
    })
  }

  /** Gives the file system its room back, once nothing counts it any more. */
  async finish(): Promise<void> {
    await this.lower()
    const { storage, geometry } = this.#file
    await this.#changes.refcounts.writeBack()
    await storage.flush()
    const size = await storage.size()
    for (const { first, count } of this.#freed) {
      const start = first * geometry.clusterSize
      const end = Math.min(start + count * geometry.clusterSize, size)
      if (end > start) await storage.discard(start, end - start)
    }
  }

  #free(cluster: number): void {
    const { allocator, metadata } = this.#changes
    this.#file.l2Tables.forget(cluster * this.#file.geometry.clusterSize)
    metadata.delete(cluster)
    allocator.freed(cluster)
    const last = this.#freed.at(-1)
    if (last && last.first + last.count === cluster) last.count += 1
    else this.#freed.push({ first: cluster, count: 1 })
  }
}

interface TreeTable {
  /** Of its L1 entry. */
  readonly index: number
  readonly table: Table
}

/** `pace` is told of the tables there are not as well, so that it adds up to the disk. */
async function* tablesOf(file: ImageFile, root: Root, pace?: Pace): AsyncGenerator<TreeTable, void, undefined> {
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

/** Adds the table itself and every cluster it leads to. */
function gather(file: ImageFile, table: Table, index: number, clusters: ClusterList): void {
  const { geometry } = file
  const { clusterSize, entriesPerTable } = geometry
  clusters.add(table.offset / clusterSize)
  for (let number = 0; number < entriesPerTable; number += 1) {
    if (isEmptyL2(geometry, table.view, number)) continue
    const entry = soundEntry(file, table, index * entriesPerTable + number)
    if (entry.offset === undefined) continue
    const length = entry.kind === 'compressed' ? entry.length : clusterSize
    const last = Math.floor((entry.offset + length - 1) / clusterSize)
    for (let cluster = Math.floor(entry.offset / clusterSize); cluster <= last; cluster += 1) clusters.add(cluster)
  }
}

/** Nothing the table leads to says any more that it belongs to one owner alone. */
function disown(file: ImageFile, table: Table): void {
  const { geometry, l2Tables } = file
  for (let at = 0; at < table.bytes.length; at += geometry.entrySize) {
    if (!isCopied(table.view, at)) continue
    markCopied(table.view, at, false)
    l2Tables.change(table, at, geometry.entrySize)
  }
}

function raised(
  file: ImageFile,
  max: number,
  { count, times, cluster }: { readonly count: number; readonly times: number; readonly cluster: number },
): number {
  const { geometry, storage } = file
  if (count === 0)
    throw damaged(
      storage.name,
      `cluster ${cluster}, which is in use, is counted as free`,
      cluster * geometry.clusterSize,
    )
  if (count + times <= max) return count + times
  throw new SpindleError(
    'unsupported',
    `${storage.name} cannot share its data once more: its reference counts are ${geometry.refcountBits} bit${max === 1 ? '' : 's'} wide, so a cluster can belong to ${max} of the disk and its snapshots at most. Nothing was changed. Delete a snapshot, or convert it to an image with wider counts (refcount_bits=16).`,
    { path: storage.name },
  )
}

async function countOf(file: ImageFile, changes: Changes, offset: number): Promise<number> {
  return changes.refcounts.count(offset / file.geometry.clusterSize)
}
