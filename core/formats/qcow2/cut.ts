// Dropping everything an image has from some guest cluster on: what a shrinking disk loses, and what a growing one must not find.

import { UNALLOCATED, encodeL2, isEmptyL2 } from './entries.ts'
import { l1Bytes } from './geometry.ts'
import { soundEntry } from './image-file.ts'
import { L1_ENTRY_SIZE } from './layout.ts'
import { Release, release, releaseUncounted } from './release.ts'
import { gatherEntry } from './tree.ts'
import type { Root, TreeWork } from './tree.ts'

/** Durable when this returns. Data in an external data file stays there. */
export async function dropFrom(work: TreeWork, cluster: number): Promise<void> {
  const { entriesPerTable } = work.file.geometry
  const inside = cluster % entriesPerTable
  if (inside > 0) await dropEntries(work, cluster)
  await dropTables(work, (cluster - inside) / entriesPerTable + (inside > 0 ? 1 : 0))
}

/** Gives back refcount blocks that count nothing, and the end of the file where nothing is any more. Durable. */
export async function cutFile(work: TreeWork): Promise<void> {
  const { file, changes } = work
  const { geometry, storage } = file
  const blocks = await changes.refcounts.dropEmptyBlocks()
  await changes.refcounts.writeBack()
  await storage.flush()
  await releaseUncounted(work, blocks)
  const end = (await changes.refcounts.end()) * geometry.clusterSize
  if (end < (await storage.size())) await storage.truncate(end)
  await storage.flush()
  file.size = Math.min(file.size, end)
}

/** The rest of the table that speaks for `cluster`. */
async function dropEntries({ file, changes }: TreeWork, cluster: number): Promise<void> {
  const { geometry, l2Tables } = file
  const index = Math.floor(cluster / geometry.entriesPerTable)
  if (index >= file.header.l1_size) return
  const old = await file.table(index)
  const end = (index + 1) * geometry.entriesPerTable
  const isEmpty = (one: number): boolean => !old || isEmptyL2(geometry, old.view, one % geometry.entriesPerTable)
  let first = cluster
  while (first < end && isEmpty(first)) first += 1
  if (first === end) return
  const table = await changes.ownTable(index)
  const releasing = new Release(file, changes)
  for (let one = first; one < end; one += 1) {
    if (isEmpty(one)) continue
    const entry = soundEntry(file, table, one)
    if (!geometry.externalData) gatherEntry(entry, geometry.clusterSize, releasing.clusters)
    const place = one % geometry.entriesPerTable
    encodeL2(geometry, table.view, place, UNALLOCATED)
    l2Tables.change(table, place * geometry.entrySize, geometry.entrySize)
  }
  await changes.commit()
  await releasing.finish()
}

/** All tables from L1 entry `first` on. */
async function dropTables(work: TreeWork, first: number): Promise<void> {
  const { file } = work
  const l1 = await file.l1()
  const end = file.header.l1_size
  const before: Root = { view: new DataView(l1.bytes.slice().buffer), offset: l1.offset, first, end }
  const gone = l1.bytes.subarray(Math.min(l1Bytes(first), l1.bytes.length))
  if (gone.every((byte) => byte === 0)) return
  gone.fill(0)
  l1.change(first * L1_ENTRY_SIZE, gone.length)
  await l1.writeBack(file.storage)
  await file.storage.flush()
  await release(work, before)
}
