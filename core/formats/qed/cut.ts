// Dropping everything an image has from some guest cluster on: what a shrinking disk loses, and what a growing one must not find.

import { FREE } from './layout.ts'
import type { QedFile } from './qed-file.ts'
import { l1Pages, l2Pages } from './tables.ts'

/** Durable when this returns. Its room is left to nothing. */
export async function dropFrom(file: QedFile, cluster: number): Promise<void> {
  const { storage, geometry } = file
  const { entriesPerTable } = geometry
  const inside = cluster % entriesPerTable
  const tableIndex = Math.floor(cluster / entriesPerTable)
  const table = inside > 0 ? await file.tableAt(tableIndex) : undefined
  if (table !== undefined) {
    for await (const { page, first, end } of l2Pages(file, table)) {
      for (let index = Math.max(first, inside); index < end; index += 1)
        if (file.entry(page, index) !== FREE) file.setEntry(file.l2Pages, page, index, FREE)
    }
  }
  const firstTable = tableIndex + (inside > 0 ? 1 : 0)
  for await (const { page, first, end } of l1Pages(file)) {
    for (let index = Math.max(first, firstTable); index < end; index += 1)
      if (file.entry(page, index) !== 0) file.setEntry(file.l1Pages, page, index, 0)
  }
  await file.l1Pages.writeBack()
  await file.l2Pages.writeBack()
  await storage.flush()
}
