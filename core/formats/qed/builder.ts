// Building a QED image front to back: each table in front of the data it leads to, pages of it as they are complete, header last.

import type { ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { KiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeWithBacking } from './header.ts'
import { ENTRY_SIZE, FEATURE, MAGIC, ZERO } from './layout.ts'
import type { Design } from './options.ts'

const PAGE_SIZE = 64 * KiB

/** Part of a table that is not on disk yet. */
interface Page {
  readonly offset: number
  readonly view: DataView
}

export class QedBuilder implements ImageBuilder {
  readonly blockSize: number
  readonly storage: Storage
  readonly #design: Design
  readonly #pageSize: number
  /** Pages that wait to be written; entries are still added to the last one. */
  #l1: Page[] = []
  #l2: Page[] = []
  /** Where the L2 tables are that entries may still be added to, by L1 entry. */
  readonly #tables = new Map<number, number>()
  /** Where the next cluster goes. */
  #end: number
  /** Guest bytes before this are placed. */
  #position = 0

  constructor(storage: Storage, design: Design) {
    const { clusterSize, tableSize } = design.geometry
    this.storage = storage
    this.#design = design
    this.blockSize = clusterSize
    // Tables begin on multiples of the cluster size.
    this.#pageSize = Math.min(PAGE_SIZE, clusterSize)
    this.#end = clusterSize + tableSize
  }

  place(offset: number, length: number): number {
    const { clusterSize, tableSpan } = this.#design.geometry
    const first = this.#advance(offset, length)
    const count = Math.ceil(length / clusterSize)
    // All tables for it come first, so that the data lies together.
    for (let table = Math.floor(offset / tableSpan); table * tableSpan < offset + length; table += 1)
      this.#takeTable(table)
    const host = this.#end
    this.#end += count * clusterSize
    for (let index = 0; index < count; index += 1) this.#set(first + index, host + index * clusterSize)
    return host
  }

  placeZero(offset: number, length: number): void {
    if (!this.#design.backing) return
    const { clusterSize, tableSpan } = this.#design.geometry
    const first = this.#advance(offset, length)
    for (let cluster = first; cluster * clusterSize < offset + length; cluster += 1) {
      this.#takeTable(Math.floor((cluster * clusterSize) / tableSpan))
      this.#set(cluster, ZERO)
    }
  }

  async drain(): Promise<void> {
    this.#l1 = await this.#write(this.#l1, 1)
    this.#l2 = await this.#write(this.#l2, 1)
  }

  async finish(): Promise<void> {
    const { storage } = this
    const { geometry, virtualSize, backing } = this.#design
    await this.#write(this.#l1, 0)
    await this.#write(this.#l2, 0)
    await storage.truncate(this.#end)
    await storage.flush()
    const header = {
      magic: MAGIC,
      cluster_size: geometry.clusterSize,
      table_size: geometry.tableClusters,
      header_size: 1,
      features: backing ? FEATURE.backing : 0n,
      compat_features: 0n,
      autoclear_features: 0n,
      l1_table_offset: geometry.clusterSize,
      image_size: virtualSize,
      backing_filename_offset: 0,
      backing_filename_size: 0,
    }
    await storage.write(0, encodeWithBacking(header, backing))
    await storage.flush()
  }

  /** The number of the guest cluster at `offset`. */
  #advance(offset: number, length: number): number {
    const { clusterSize, tableSpan } = this.#design.geometry
    if (offset < this.#position || offset % clusterSize !== 0)
      throw new SpindleError('internal', `guest offset ${offset} was placed after ${this.#position}`)
    this.#position = offset + length
    for (const index of this.#tables.keys()) if ((index + 1) * tableSpan <= offset) this.#tables.delete(index)
    return offset / clusterSize
  }

  #takeTable(index: number): void {
    const { clusterSize, tableSize } = this.#design.geometry
    if (this.#tables.has(index)) return
    this.#tables.set(index, this.#end)
    put(this.#l1, this.#pageSize, clusterSize + index * ENTRY_SIZE, this.#end)
    this.#end += tableSize
  }

  #set(cluster: number, entry: number): void {
    const { entriesPerTable } = this.#design.geometry
    const table = this.#tables.get(Math.floor(cluster / entriesPerTable)) ?? 0
    put(this.#l2, this.#pageSize, table + (cluster % entriesPerTable) * ENTRY_SIZE, entry)
  }

  /** Returns the last `keep` pages, which are not written. */
  async #write(pages: readonly Page[], keep: number): Promise<Page[]> {
    const done = pages.slice(0, pages.length - keep)
    for (const { offset, view } of done)
      await this.storage.write(offset, new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    return pages.slice(done.length)
  }
}

/** Puts an entry at a file offset; offsets ascend. */
function put(pages: Page[], pageSize: number, at: number, entry: number): void {
  const start = at % pageSize
  let page = pages.at(-1)
  if (page?.offset !== at - start) {
    page = { offset: at - start, view: new DataView(new ArrayBuffer(pageSize)) }
    pages.push(page)
  }
  page.view.setBigUint64(start, BigInt(entry), true)
}
