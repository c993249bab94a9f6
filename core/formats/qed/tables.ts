// Walks over all tables of an image, page by page.

import type { Table } from '../../image/table-cache.ts'
import type { QedFile } from './qed-file.ts'

/** Entries from `first` up to, not including, `end` of one table, which are in one page. */
export interface EntryPage {
  readonly page: Table
  readonly first: number
  readonly end: number
}

/** An L2 table and the L1 entry that leads to it. */
export interface TableRef {
  readonly index: number
  readonly offset: number
}

export async function* l1Pages(file: QedFile): AsyncGenerator<EntryPage> {
  const { entriesPerTable } = file.geometry
  for (let first = 0; first < entriesPerTable; first += file.entriesPerPage) {
    const page = await file.page(file.l1Pages, file.header.l1_table_offset, first)
    yield { page, first, end: Math.min(entriesPerTable, first + file.entriesPerPage) }
  }
}

/** All that L1 entries lead to, whether a table can be there or not. */
export async function* tableRefs(file: QedFile): AsyncGenerator<TableRef> {
  for await (const { page, first, end } of l1Pages(file)) {
    for (let index = first; index < end; index += 1) {
      const offset = file.entry(page, index)
      if (offset !== 0) yield { index, offset }
    }
  }
}

export async function* l2Pages(file: QedFile, table: number): AsyncGenerator<EntryPage> {
  const { entriesPerTable } = file.geometry
  for (let first = 0; first < entriesPerTable; first += file.entriesPerPage) {
    const page = await file.page(file.l2Pages, table, first)
    yield { page, first, end: Math.min(entriesPerTable, first + file.entriesPerPage) }
  }
}
