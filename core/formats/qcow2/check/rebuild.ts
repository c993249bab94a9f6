// A refcount table and blocks made anew at the end of the file, for when the old ones cannot be trusted or are too few.

import { MiB, formatSize } from '../../../model/units.ts'
import { readPadded } from '../../../storage/storage.ts'
import { writeHeaderFields } from '../header.ts'
import { MAX_REFCOUNT_TABLE_BYTES, REFCOUNT_TABLE_ENTRY_SIZE } from '../layout.ts'
import { PAGE_CLUSTERS } from './cluster-counts.ts'
import type { Examined } from './examine.ts'

/** Blocks are written together in pieces of about this many bytes. */
const BATCH = MiB

const NOTHING = new Uint16Array(PAGE_CLUSTERS)

export interface Rebuilt {
  readonly blocks: number
}

/**
 * Writes counts for all that is in use, the old table and blocks included: no one leads to them afterwards, so that they
 * can be freed as leaks. With `keepLeaks` nothing is counted less than before. Returns a clause about why it cannot be done.
 */
export async function rebuildCounts(examined: Examined, keepLeaks: boolean): Promise<Rebuilt | string> {
  const { examination, disk } = examined
  const { image, counts } = examination
  const { storage, geometry } = image
  const { clusterSize, countsPerBlock } = geometry
  const start = Math.max(image.fileClusters, counts.end)
  const indexes = neededBlocks(examined, keepLeaks)
  let tableClusters = 0
  for (let known = -1; known !== indexes.size + tableClusters;) {
    known = indexes.size + tableClusters
    const end = start + known
    for (let cluster = start; cluster < end; cluster += countsPerBlock)
      indexes.add(Math.floor(cluster / countsPerBlock))
    if (known > 0) indexes.add(Math.floor((end - 1) / countsPerBlock))
    const last = indexes.values().reduce((most, index) => Math.max(most, index), 0)
    tableClusters = Math.ceil(((last + 1) * REFCOUNT_TABLE_ENTRY_SIZE) / clusterSize)
  }
  if (tableClusters * clusterSize > MAX_REFCOUNT_TABLE_BYTES)
    return `the file is so long that its refcount table would be larger than ${formatSize(MAX_REFCOUNT_TABLE_BYTES)}`

  if ((start + indexes.size + tableClusters) * clusterSize > examination.firstMissing)
    return 'the file ends before something that its tables lead to, and would seem to hold zeros there if it grew'

  counts.addRange(start, indexes.size + tableClusters)
  const sorted = [...indexes].toSorted((a, b) => a - b)
  const perWrite = Math.max(1, Math.floor(BATCH / clusterSize))
  for (let at = 0; at < sorted.length; at += perWrite) {
    const some = sorted.slice(at, at + perWrite)
    const piece = new Uint8Array(some.length * clusterSize)
    for (const [place, index] of some.entries()) {
      const bytes = piece.subarray(place * clusterSize, (place + 1) * clusterSize)
      if (keepLeaks && disk.isReadable(index)) await readPadded(storage, disk.offset(index), bytes)
      fillBlock(examined, index, new DataView(bytes.buffer, bytes.byteOffset, clusterSize))
    }
    await storage.write((start + at) * clusterSize, piece)
  }
  const table = new DataView(new ArrayBuffer(tableClusters * clusterSize))
  for (const [place, index] of sorted.entries())
    table.setBigUint64(index * REFCOUNT_TABLE_ENTRY_SIZE, BigInt((start + place) * clusterSize))
  const tableOffset = (start + sorted.length) * clusterSize
  await storage.write(tableOffset, new Uint8Array(table.buffer))
  await storage.flush()
  await writeHeaderFields(storage, { refcount_table_offset: tableOffset, refcount_table_clusters: tableClusters })
  await storage.flush()
  return { blocks: sorted.length }
}

function neededBlocks({ examination, disk }: Examined, keepLeaks: boolean): Set<number> {
  const { countsPerBlock } = disk
  const indexes = new Set<number>()
  for (const number of examination.counts.pageNumbers()) {
    const start = number * PAGE_CLUSTERS
    for (let cluster = start; cluster < start + PAGE_CLUSTERS; cluster += countsPerBlock)
      indexes.add(Math.floor(cluster / countsPerBlock))
  }
  if (!keepLeaks) return indexes
  for (let index = 0; index < disk.entries; index += 1) if (disk.isReadable(index)) indexes.add(index)
  return indexes
}

/** Raises what `block` counts to what is in use. */
function fillBlock({ examination, disk }: Examined, index: number, block: DataView): void {
  const { counts } = examination
  const { access, countsPerBlock } = disk
  const first = index * countsPerBlock
  const end = first + countsPerBlock
  for (let start = first; start < end;) {
    const inPage = start % PAGE_CLUSTERS
    const length = Math.min(PAGE_CLUSTERS - inPage, end - start)
    const page = counts.page((start - inPage) / PAGE_CLUSTERS) ?? NOTHING
    for (let at = 0; at < length; at += 1) {
      const used = Math.min(counts.exact(start + at, page[inPage + at] ?? 0), access.max)
      if (used > access.get(block, start + at - first)) access.set(block, start + at - first, used)
    }
    start += length
  }
}
