// Zeros as version 2 can say them: nothing at all where nothing lies below, and else zeros that are written.

import { UNALLOCATED, encodeL2 } from '../entries.ts'
import type { StandardEntry } from '../entries.ts'
import { soundEntry } from '../image-file.ts'
import { readSnapshots } from '../snapshots.ts'
import { activeRoot, readRoot, tablesOf } from '../tree.ts'
import type { TreeTable, TreeWork } from '../tree.ts'

/** The disk and all its snapshots read the same at any moment. Durable. */
export async function expandZeros(work: TreeWork, hasBacking: boolean): Promise<void> {
  for await (const found of allTables(work)) {
    await work.changes.ready()
    await expandTable(work, found, hasBacking)
  }
  await work.changes.commit()
}

/** Whether any data is compressed, in a snapshot as well. */
export async function hasPacked(work: TreeWork): Promise<boolean> {
  const { entriesPerTable } = work.file.geometry
  for await (const { table, index } of allTables(work)) {
    for (let number = 0; number < entriesPerTable; number += 1)
      if (soundEntry(work.file, table, index * entriesPerTable + number).kind === 'compressed') return true
  }
  return false
}

/** Each once, however many snapshots share it. */
async function* allTables({ file, pace }: TreeWork): AsyncGenerator<TreeTable, void, undefined> {
  const { snapshots, damage } = await readSnapshots(file.storage, file.header)
  if (damage) throw damage
  const seen = new Set<number>()
  const roots = [await activeRoot(file), ...(await Promise.all(snapshots.map(async ({ l1 }) => readRoot(file, l1))))]
  for (const root of roots) {
    for await (const found of tablesOf(file, root, pace)) {
      if (seen.has(found.table.offset)) continue
      seen.add(found.table.offset)
      yield found
    }
  }
}

/** In place, also where it is shared: it says the same afterwards. */
async function expandTable(work: TreeWork, { table, index }: TreeTable, hasBacking: boolean): Promise<void> {
  const { file, changes } = work
  const { geometry, l2Tables } = file
  const { clusterSize, entriesPerTable, entrySize } = geometry
  const owners = await changes.refcounts.count(table.offset / clusterSize)
  for (let number = 0; number < entriesPerTable; number += 1) {
    const old = soundEntry(file, table, index * entriesPerTable + number)
    if (old.kind === 'compressed' || old.zero === 0) continue
    const next = await written(work, old, { owners, hasBacking })
    if (next.offset !== undefined) await file.dataStorage.zero(next.offset, clusterSize)
    encodeL2(geometry, table.view, number, next)
    l2Tables.change(table, number * entrySize, entrySize)
    if (old.offset !== undefined && old.offset !== next.offset) changes.release(old.offset / clusterSize, owners)
  }
}

/** The entry that takes the place of one that says zeros. */
async function written(
  { file, changes }: TreeWork,
  old: StandardEntry,
  { owners, hasBacking }: { readonly owners: number; readonly hasBacking: boolean },
): Promise<StandardEntry> {
  const data = { kind: 'standard', allocated: 1, zero: 0 } as const
  const { clusterSize } = file.geometry
  // Room that another table leads to as well may hold data there.
  if (old.offset !== undefined && (await changes.refcounts.count(old.offset / clusterSize)) === owners)
    return { ...data, offset: old.offset, copied: old.copied }
  if (!hasBacking) return UNALLOCATED
  const { first } = await changes.allocator.allocate(1)
  await changes.refcounts.set(first, 1, owners)
  return { ...data, offset: first * clusterSize, copied: owners === 1 }
}
