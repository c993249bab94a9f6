// What the parts of one open image share: its file, its header and the pages of its tables in memory.

import { damaged } from '../../image/damage.ts'
import { TableCache } from '../../image/table-cache.ts'
import type { Table } from '../../image/table-cache.ts'
import { KiB, MiB, roundDown } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Geometry } from './geometry.ts'
import { writeHeader } from './header.ts'
import type { Opened } from './header.ts'
import { ENTRY_SIZE, ZERO } from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** Tables can be large: they are read and written in pages. */
const MAX_PAGE_SIZE = 64 * KiB
const L1_MEMORY = 2 * MiB
/** Enough for 64 GiB of an image with 64 KiB clusters; a deep chain has one such cache for each layer. */
const L2_MEMORY = 8 * MiB

export class QedFile {
  readonly storage: Storage
  readonly geometry: Geometry
  readonly l1Pages: TableCache
  readonly l2Pages: TableCache
  /** Table entries in one page. */
  readonly entriesPerPage: number
  /** Bytes, in whole clusters; grows when clusters are given out, even before they are written. */
  size: number
  #header: HeaderFields

  constructor(storage: Storage, { header, geometry, size }: Opened) {
    const pageSize = Math.min(MAX_PAGE_SIZE, geometry.tableSize)
    this.storage = storage
    this.geometry = geometry
    this.size = size
    this.entriesPerPage = pageSize / ENTRY_SIZE
    this.l1Pages = new TableCache(storage, pageSize, L1_MEMORY)
    this.l2Pages = new TableCache(storage, pageSize, L2_MEMORY)
    this.#header = header
  }

  get header(): HeaderFields {
    return this.#header
  }

  get virtualSize(): number {
    return this.#header.image_size
  }

  /** Bytes that no cluster but the header's may be in. */
  get headerEnd(): number {
    return this.#header.header_size * this.#header.cluster_size
  }

  /** Durable only after a flush. */
  async writeHeader(values: Partial<HeaderFields>): Promise<void> {
    const header = { ...this.#header, ...values }
    await writeHeader(this.storage, header)
    this.#header = header
  }

  /** The page of the table at `table` that holds entry `index`. */
  async page(pages: TableCache, table: number, index: number): Promise<Table> {
    const offset = table + roundDown(index, this.entriesPerPage) * ENTRY_SIZE
    return pages.peek(offset) ?? pages.load(offset)
  }

  entry({ view }: Table, index: number): number {
    const start = (index % this.entriesPerPage) * ENTRY_SIZE
    return view.getUint32(start + 4, true) * 2 ** 32 + view.getUint32(start, true)
  }

  setEntry(pages: TableCache, page: Table, index: number, entry: number): void {
    const start = (index % this.entriesPerPage) * ENTRY_SIZE
    page.view.setBigUint64(start, BigInt(entry), true)
    pages.change(page, start, ENTRY_SIZE)
  }

  /** Where the L2 table of L1 entry `index` is, if there is one. Throws `invalid-image` when it cannot be there. */
  async tableAt(index: number): Promise<number | undefined> {
    const { l1_table_offset } = this.#header
    const offset = this.entry(await this.page(this.l1Pages, l1_table_offset, index), index)
    if (offset === 0) return undefined
    if (this.isTable(offset)) return offset
    const place = l1_table_offset + index * ENTRY_SIZE
    throw damaged(
      this.storage.name,
      `L1 entry ${index} at offset ${place}, for the guest’s bytes from ${index * this.geometry.tableSpan} on, leads to offset ${offset}, where no table can be in a file of ${this.size} bytes`,
      place,
    )
  }

  /** Where the data of an entry is; undefined where there is none. Throws `invalid-image` when it cannot be there. */
  host(page: Table, cluster: number): number | undefined {
    const offset = this.entry(page, cluster % this.geometry.entriesPerTable)
    if (offset <= ZERO) return undefined
    if (this.isCluster(offset)) return offset
    const place = page.offset + (cluster % this.entriesPerPage) * ENTRY_SIZE
    throw damaged(
      this.storage.name,
      `the cluster with the guest’s bytes from ${cluster * this.geometry.clusterSize} on would be at offset ${offset}, where none can be in a file of ${this.size} bytes (L2 entry at offset ${place})`,
      place,
    )
  }

  isCluster(offset: number): boolean {
    return offset % this.geometry.clusterSize === 0 && offset >= this.headerEnd && offset < this.size
  }

  isTable(offset: number): boolean {
    return this.isCluster(offset) && offset + this.geometry.tableSize <= this.size
  }
}
