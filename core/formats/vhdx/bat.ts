// The table of blocks: a page of it at a time, and those pages that have changed until they are written.

import type { Table } from '../../image/table-cache.ts'
import { TableCache } from '../../image/table-cache.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { BAT_ENTRY_SIZE, LOG_SECTOR } from './layout.ts'
import type { Region } from './regions.ts'

/** Entries in a page; pages are what the log writes in one piece. */
export const ENTRIES_PER_PAGE = LOG_SECTOR / BAT_ENTRY_SIZE
/** Enough for the whole table of most disks: a million blocks. */
const MEMORY = 8 * MiB
const HIGH_WORD = 2 ** 32
const STATE_BITS = 7

export interface BatEntry {
  readonly state: number
  /** In the file. A whole number of MiB, and nothing else is sure about it. */
  readonly offset: number
  /** Bits that have no meaning yet are set. */
  readonly hasStrayBits: boolean
}

export class Bat {
  readonly offset: number
  readonly #pages: TableCache
  /** The page asked for last: those who look at the whole table ask for the same one five hundred times. */
  #last: Table | undefined

  constructor(content: Storage, region: Region) {
    this.offset = region.offset
    this.#pages = new TableCache(content, LOG_SECTOR, MEMORY)
  }

  /** Pages that differ from what is on disk. */
  get changedPages(): readonly Table[] {
    return this.#pages.changedTables
  }

  get changedPageCount(): number {
    return this.#pages.changedBytes / LOG_SECTOR
  }

  /** An entry whose page is in memory. */
  peek(index: number): BatEntry | undefined {
    const offset = this.#pageOffset(index)
    if (this.#last?.offset !== offset) {
      const page = this.#pages.peek(offset)
      if (!page) return undefined
      this.#last = page
    }
    return decode(this.#last, index)
  }

  async entry(index: number): Promise<BatEntry> {
    return decode(await this.#page(index), index)
  }

  /** In memory, until the page is written. */
  async set(index: number, state: number, offset: number): Promise<void> {
    const page = await this.#page(index)
    const at = (index % ENTRIES_PER_PAGE) * BAT_ENTRY_SIZE
    page.view.setBigUint64(at, encodeEntry(state, offset), true)
    this.#pages.change(page, at, BAT_ENTRY_SIZE)
  }

  /** Writes the changed pages in their places. */
  async writeBack(): Promise<void> {
    await this.#pages.writeBack()
  }

  async #page(index: number): Promise<Table> {
    const offset = this.#pageOffset(index)
    if (this.#last?.offset !== offset) this.#last = await this.#pages.load(offset)
    return this.#last
  }

  #pageOffset(index: number): number {
    return this.offset + Math.floor(index / ENTRIES_PER_PAGE) * LOG_SECTOR
  }
}

export function encodeEntry(state: number, offset: number): bigint {
  return BigInt(offset) + BigInt(state)
}

function decode(page: Table, index: number): BatEntry {
  const at = (index % ENTRIES_PER_PAGE) * BAT_ENTRY_SIZE
  const low = page.view.getUint32(at, true)
  const high = page.view.getUint32(at + 4, true)
  return {
    state: low & STATE_BITS,
    offset: high * HIGH_WORD + Math.floor(low / MiB) * MiB,
    hasStrayBits: low % MiB > STATE_BITS,
  }
}
