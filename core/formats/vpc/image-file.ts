// What the parts of one open dynamic or differencing image share: its file, and the tables that are in memory.

import { damaged } from '../../image/damage.ts'
import { TableCache } from '../../image/table-cache.ts'
import type { Table } from '../../image/table-cache.ts'
import { KiB, MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { ENTRY_SIZE, SECTOR, UNALLOCATED } from './layout.ts'
import type { Blocks, Opened } from './open.ts'

/** The table of 2 TiB in blocks of 2 MiB is half of this. */
const TABLE_MEMORY = 8 * MiB
const BITMAP_MEMORY = 4 * MiB
/** Of the block allocation table, read at a time. */
const PAGE_SIZE = 64 * KiB
const ENTRIES_PER_PAGE = PAGE_SIZE / ENTRY_SIZE

/** Part of the block allocation table. */
export interface EntryPage {
  /** Blocks `first` up to `end` have their entries here. */
  readonly first: number
  readonly end: number
  readonly table: Table
}

export interface PlaceProblem {
  readonly code: 'block-past-end' | 'block-over-table'
  /** The end of a sentence. */
  readonly what: string
}

export class ImageFile {
  readonly storage: Storage
  readonly blocks: Blocks
  readonly virtualSize: number
  /** Where the footer is: new blocks go there. */
  end: number
  /** Of the file, in bytes. */
  size: number
  readonly #hasFooter: boolean
  readonly #pages: TableCache
  readonly #bitmaps: TableCache

  constructor(storage: Storage, opened: Opened, blocks: Blocks) {
    this.storage = storage
    this.blocks = blocks
    this.virtualSize = opened.virtualSize
    this.end = opened.footers.end
    this.size = opened.size
    this.#hasFooter = opened.footers.tail !== undefined
    this.#pages = new TableCache(storage, PAGE_SIZE, TABLE_MEMORY)
    this.#bitmaps = new TableCache(storage, blocks.bitmapSize, BITMAP_MEMORY)
  }

  /** Something is to be written back. */
  get changed(): boolean {
    return this.#pages.changedBytes + this.#bitmaps.changedBytes > 0
  }

  /** The piece of the table that holds the entry of `block`. */
  async page(block: number): Promise<EntryPage> {
    const first = Math.floor(block / ENTRIES_PER_PAGE) * ENTRIES_PER_PAGE
    const offset = this.blocks.tableOffset + first * ENTRY_SIZE
    const table = this.#pages.peek(offset) ?? (await this.#pages.load(offset))
    return { first, end: Math.min(first + ENTRIES_PER_PAGE, this.blocks.tableEntries), table }
  }

  async entry(block: number): Promise<number> {
    return entryIn(await this.page(block), block)
  }

  /** Written only with writeBack(). */
  async setEntry(block: number, entry: number): Promise<void> {
    const { first, table } = await this.page(block)
    const place = (block - first) * ENTRY_SIZE
    table.view.setUint32(place, entry)
    this.#pages.change(table, place, ENTRY_SIZE)
  }

  /** Where the block begins, its bitmap first. Throws `invalid-image` where it cannot be. */
  placeOf(block: number, entry: number): number {
    const { blockSize, bitmapSize } = this.blocks
    const start = entry * SECTOR
    const guest = block * blockSize
    const needed = bitmapSize + Math.min(blockSize, this.virtualSize - guest)
    const problem = this.problemOf(start, start + needed)
    if (problem === undefined) return start
    throw damaged(
      this.storage.name,
      `the block with the guest’s bytes from ${guest} on would be at offset ${start}, which ${problem.what}`,
      start,
    )
  }

  /** Why no block can be there. */
  problemOf(start: number, end: number): PlaceProblem | undefined {
    const { headerOffset, headerBytes, tableOffset, tableEntries } = this.blocks
    const overlaps = (from: number, to: number): boolean => start < to && end > from
    if (end > this.size) return { code: 'block-past-end', what: `runs past the end of the file at ${this.size}` }
    if (overlaps(0, SECTOR) || overlaps(headerOffset, headerOffset + headerBytes.length)) return over('a header')
    if (overlaps(tableOffset, tableOffset + tableEntries * ENTRY_SIZE)) return over('the block table')
    return this.#hasFooter && end > this.end ? over('the footer') : undefined
  }

  /** The bits of a block, by where it begins. */
  async bitmap(start: number): Promise<Table> {
    return this.#bitmaps.peek(start) ?? (await this.#bitmaps.load(start))
  }

  changeBitmap(bitmap: Table, place: number, length: number): void {
    this.#bitmaps.change(bitmap, place, length)
  }

  /** What the bits and the table lead to must be durable before. */
  async writeBack(): Promise<void> {
    await this.#bitmaps.writeBack()
    await this.#pages.writeBack()
  }
}

function over(what: string): PlaceProblem {
  return { code: 'block-over-table', what: `is the place of ${what}` }
}

export function entryIn({ first, table }: EntryPage, block: number): number {
  return table.view.getUint32((block - first) * ENTRY_SIZE)
}

export function isAllocated(entry: number): boolean {
  return entry !== UNALLOCATED
}
