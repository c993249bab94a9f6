// The reference counts of an image under construction: every cluster up to its end is used, packed ones several times.

import { SpindleError } from '../../model/error.ts'
import { MiB, formatSize } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Frontier } from './frontier.ts'
import type { Geometry } from './geometry.ts'
import { MAX_REFCOUNT_TABLE_BYTES, REFCOUNT_TABLE_ENTRY_SIZE } from './layout.ts'
import { countTablesFor } from './measure.ts'
import type { CountTables } from './measure.ts'
import type { ExtraCounts } from './packed-room.ts'
import { countAccess } from './refcount-width.ts'

/** Blocks are written together in pieces of about this many bytes. */
const BATCH = MiB

/** Throws `invalid-argument` when an image of `clusters` clusters needs a longer refcount table than there may be. */
export function checkedCountTables(geometry: Geometry, clusters: number): CountTables {
  const tables = countTablesFor(geometry, clusters)
  if (tables.tableClusters * geometry.clusterSize > MAX_REFCOUNT_TABLE_BYTES)
    throw new SpindleError(
      'invalid-argument',
      `With clusters of ${formatSize(geometry.clusterSize)} a file cannot grow to ${formatSize(clusters * geometry.clusterSize)}; try a larger cluster size.`,
    )
  return tables
}

/** Writes blocks and table at the frontier; the last thing to be placed there. Offset in bytes. */
export async function writeNewRefcounts(
  file: Storage,
  geometry: Geometry,
  frontier: Frontier,
  extra: ExtraCounts,
): Promise<{ readonly tableOffset: number; readonly tableClusters: number }> {
  const { clusterSize, countsPerBlock } = geometry
  const { blocks, tableClusters } = checkedCountTables(geometry, frontier.next)
  const blocksOffset = frontier.take(blocks) * clusterSize
  const tableOffset = frontier.take(tableClusters) * clusterSize
  const used = frontier.next

  const access = countAccess(geometry.refcountBits)
  const full = new Uint8Array(clusterSize)
  const fullView = new DataView(full.buffer)
  for (let index = 0; index < countsPerBlock; index += 1) access.set(fullView, index, 1)

  const perWrite = Math.max(1, BATCH / clusterSize)
  for (let start = 0; start < blocks; start += perWrite) {
    const count = Math.min(perWrite, blocks - start)
    const piece = new Uint8Array(count * clusterSize)
    for (let block = 0; block < count; block += 1) {
      const bytes = piece.subarray(block * clusterSize, (block + 1) * clusterSize)
      bytes.set(full)
      const view = new DataView(bytes.buffer, bytes.byteOffset, clusterSize)
      const first = (start + block) * countsPerBlock
      const end = first + countsPerBlock
      for (let cluster = Math.max(used, first); cluster < end; cluster += 1) access.set(view, cluster - first, 0)
      for (const shared of extra.within(first, Math.min(end, used)))
        access.set(view, shared.cluster - first, shared.extra + 1)
    }
    await file.write(blocksOffset + start * clusterSize, piece)
  }

  const table = new DataView(new ArrayBuffer(tableClusters * clusterSize))
  for (let block = 0; block < blocks; block += 1)
    table.setBigUint64(block * REFCOUNT_TABLE_ENTRY_SIZE, BigInt(blocksOffset + block * clusterSize))
  await file.write(tableOffset, new Uint8Array(table.buffer))
  return { tableOffset, tableClusters }
}
