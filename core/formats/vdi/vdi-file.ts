// What the parts of one open image share: its file, its header and the pages of its block map in memory.

import { damaged } from '../../image/damage.ts'
import { TableCache } from '../../image/table-cache.ts'
import type { Table } from '../../image/table-cache.ts'
import { KiB, MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { virtualSizeOf, writeHeader } from './header.ts'
import type { Opened } from './header.ts'
import { ENTRY_SIZE, FREE, ZERO } from './layout.ts'
import type { HeaderFields } from './layout.ts'

const PAGE_SIZE = 64 * KiB
export const ENTRIES_PER_PAGE = PAGE_SIZE / ENTRY_SIZE
/** Enough for 2 TiB of a disk; a deep chain has one such cache for each layer. */
const MAP_MEMORY = 8 * MiB

export class VdiFile {
  readonly storage: Storage
  readonly pages: TableCache
  /** Bytes; grows when blocks past the end are given out, even before they are written. */
  size: number
  #header: HeaderFields

  constructor(storage: Storage, { header, size }: Opened) {
    this.storage = storage
    this.size = size
    this.pages = new TableCache(storage, PAGE_SIZE, MAP_MEMORY)
    this.#header = header
  }

  get header(): HeaderFields {
    return this.#header
  }

  get virtualSize(): number {
    return virtualSizeOf(this.#header)
  }

  /** Blocks of the disk; a map that is longer says nothing with its rest. */
  get blocks(): number {
    return Math.ceil(this.virtualSize / this.#header.block_size)
  }

  /** Bytes of a block in the file, with what stands in front of it. */
  get placeSize(): number {
    return this.#header.block_size + this.#header.block_extra
  }

  /** Durable only after a flush. */
  async writeHeader(values: Partial<HeaderFields>): Promise<void> {
    const header = { ...this.#header, ...values }
    await writeHeader(this.storage, header)
    this.#header = header
  }

  /** The page of the map that holds the entry of `block`. */
  async page(block: number): Promise<Table> {
    const offset = this.#header.offset_bmap + Math.floor(block / ENTRIES_PER_PAGE) * PAGE_SIZE
    return this.pages.peek(offset) ?? this.pages.load(offset)
  }

  entry(page: Table, block: number): number {
    return page.view.getUint32((block % ENTRIES_PER_PAGE) * ENTRY_SIZE, true)
  }

  setEntry(page: Table, block: number, entry: number): void {
    const start = (block % ENTRIES_PER_PAGE) * ENTRY_SIZE
    page.view.setUint32(start, entry, true)
    this.pages.change(page, start, ENTRY_SIZE)
  }

  /** Where the guest's bytes of a block in this place begin. */
  hostOf(place: number): number {
    return this.#header.offset_data + place * this.placeSize + this.#header.block_extra
  }

  /** Places of which at least the beginning is in the file. */
  get placesInFile(): number {
    const { offset_data, block_extra } = this.#header
    return Math.max(0, Math.ceil((this.size - offset_data - block_extra) / this.placeSize))
  }

  /** Where the block is. Undefined when it has no place. Throws `invalid-image` when its entry leads nowhere. */
  host(page: Table, block: number): number | undefined {
    const place = this.entry(page, block)
    if (!isPlace(place)) return undefined
    const { block_size, blocks_in_image, offset_bmap } = this.#header
    const offset = this.hostOf(place)
    // The last block of a file may be cut short: what is missing are zeros no one wrote.
    if (place < blocks_in_image && offset < this.size) return offset
    const at = offset_bmap + block * ENTRY_SIZE
    throw damaged(
      this.storage.name,
      `the block with the guest’s bytes from ${block * block_size} on would be at offset ${offset}, past the end of the file at ${this.size} (entry ${block} of the block map at offset ${at})`,
      at,
    )
  }
}

export function isPlace(entry: number): boolean {
  return entry !== FREE && entry !== ZERO
}
