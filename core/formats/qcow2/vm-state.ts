// Saved machine state for a new snapshot: clusters and L2 tables of its own, to which the disk never leads.

import type { SnapshotSpec } from '../../image/facets.ts'
import { MiB } from '../../model/units.ts'
import { encodeL2 } from './entries.ts'
import type { TreeWork } from './tree.ts'

/** Copied in pieces of this many bytes, or one cluster where that is more. */
const PIECE = MiB

/** Writes it, counted once and durable with whatever is flushed next. Returns the host offsets of its L2 tables, in order. */
export async function writeState(
  { file, changes, pace }: TreeWork,
  state: NonNullable<SnapshotSpec['state']>,
): Promise<readonly number[]> {
  const { geometry, storage, dataStorage } = file
  const { clusterSize, entriesPerTable, tableSpan, allSubclusters } = geometry
  const most = Math.max(1, PIECE / clusterSize)
  const tables: number[] = []
  for (let start = 0; start < state.size; start += tableSpan) {
    const view = new DataView(new ArrayBuffer(clusterSize))
    const end = Math.min(state.size, start + tableSpan)
    const count = Math.ceil((end - start) / clusterSize)
    for (let index = 0; index < count;) {
      const run = await changes.allocate(Math.min(most, count - index))
      const bytes = new Uint8Array(run.count * clusterSize)
      const position = start + index * clusterSize
      await state.read(position, bytes.subarray(0, end - position))
      await dataStorage.write(run.first * clusterSize, bytes)
      for (let cluster = run.first; cluster < run.first + run.count; cluster += 1, index += 1) {
        const offset = cluster * clusterSize
        encodeL2(geometry, view, index % entriesPerTable, {
          kind: 'standard',
          offset,
          copied: false,
          allocated: allSubclusters,
          zero: 0,
        })
      }
      await pace?.(bytes.length)
    }
    const room = await changes.allocate(1)
    await storage.write(room.first * clusterSize, new Uint8Array(view.buffer))
    tables.push(room.first * clusterSize)
  }
  return tables
}
