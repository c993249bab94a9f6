// Finding out what belongs to the disk alone again once a snapshot is gone.

import { MiB } from '../../model/units.ts'
import type { Changes } from './changes.ts'
import { isCopied, isEmptyL2, markCopied } from './entries.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { L1_ENTRY_SIZE } from './layout.ts'
import type { Table } from '../../image/table-cache.ts'
import { activeRoot, tablesOf } from './tree.ts'
import type { TreeWork } from './tree.ts'

/** Changed tables are written out once they are so many bytes. */
const MAX_CHANGED = 4 * MiB

/** Marks everything that the disk has to itself as such, so that it may be written in place again. */
export async function reclaim({ file, changes, pace }: TreeWork): Promise<void> {
  const { l2Tables, storage } = file
  const l1 = await file.l1()
  for await (const { table, index } of tablesOf(file, await activeRoot(file), pace)) {
    if ((await changes.refcounts.count(table.offset / file.geometry.clusterSize)) !== 1) continue
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
  const shared: { readonly entry: number; readonly cluster: number }[] = []
  let isAscending = true
  for (let entry = 0; entry < geometry.entriesPerTable; entry += 1) {
    if (isEmptyL2(geometry, table.view, entry)) continue
    const found = soundEntry(file, table, index * geometry.entriesPerTable + entry)
    if (found.kind === 'compressed' || found.copied || found.offset === undefined) continue
    const cluster = found.offset / geometry.clusterSize
    if (cluster < (shared.at(-1)?.cluster ?? 0)) isAscending = false
    shared.push({ entry, cluster })
  }
  // In file order, so that each refcount block is asked for once.
  if (!isAscending) shared.sort((left, right) => left.cluster - right.cluster)
  for (const { entry, cluster } of shared) {
    if ((changes.refcounts.peek(cluster) ?? (await changes.refcounts.count(cluster))) !== 1) continue
    markCopied(table.view, entry * geometry.entrySize, true)
    l2Tables.change(table, entry * geometry.entrySize, geometry.entrySize)
  }
}
