// The reference counts of an open image: the table in memory, its blocks as they are needed.

import { MiB } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import { damaged } from './damage.ts'
import type { ImageFile } from './image-file.ts'
import { REFCOUNT_TABLE_ENTRY_SIZE } from './layout.ts'
import { countAccess } from './refcount-width.ts'
import type { CountAccess } from './refcount-width.ts'
import { Table, TableCache } from '../../image/table-cache.ts'

const BLOCK_MEMORY = 4 * MiB
const WORD = 2 ** 32
/** Counts that were changed in one go are written out once they fill so many bytes of blocks. */
const MAX_CHANGED = 4 * MiB
/** Bits 0 to 8 of a table entry. */
const RESERVED_LOW = 0x1ff

export class Refcounts {
  readonly #file: ImageFile
  readonly #access: CountAccess
  readonly #blocks: TableCache
  #table: Table
  /** The header still names the table this one has outgrown. */
  #moved = false

  private constructor(file: ImageFile, table: Table) {
    this.#file = file
    this.#table = table
    this.#access = countAccess(file.geometry.refcountBits)
    this.#blocks = new TableCache(file.storage, file.geometry.clusterSize, BLOCK_MEMORY)
  }

  /** Throws `invalid-image` when an entry of the table leads to no place for a block. */
  static async open(file: ImageFile): Promise<Refcounts> {
    const { refcount_table_offset: offset, refcount_table_clusters: clusters } = file.header
    const bytes = new Uint8Array(clusters * file.geometry.clusterSize)
    await readPadded(file.storage, offset, bytes)
    const refcounts = new Refcounts(file, new Table(offset, bytes))
    for (let index = 0; index < refcounts.capacity; index += 1) refcounts.#checkEntry(index)
    return refcounts
  }

  /** Blocks the table has entries for. */
  get capacity(): number {
    return this.#table.bytes.length / REFCOUNT_TABLE_ENTRY_SIZE
  }

  get max(): number {
    return this.#access.max
  }

  /** Of the blocks that wait to be written back. */
  get changedBytes(): number {
    return this.#blocks.changedBytes
  }

  /** Host offset and length of the table in bytes. */
  get tablePlace(): { readonly offset: number; readonly length: number } {
    return { offset: this.#table.offset, length: this.#table.bytes.length }
  }

  /** Behind the last block there is. */
  get blockCount(): number {
    let count = this.capacity
    while (count > 0 && this.#blockOffset(count - 1) === 0) count -= 1
    return count
  }

  /** Host offsets of all blocks there are. */
  *blockOffsets(): Generator<number> {
    for (let index = 0; index < this.capacity; index += 1) {
      const offset = this.#blockOffset(index)
      if (offset > 0) yield offset
    }
  }

  /** Undefined when the count has to be read first: loops try this before they wait for `count`. */
  peek(cluster: number): number | undefined {
    const { countsPerBlock } = this.#file.geometry
    const offset = this.#blockOffset(Math.floor(cluster / countsPerBlock))
    if (offset === 0) return 0
    const block = this.#blocks.peek(offset)
    return block && this.#access.get(block.view, cluster % countsPerBlock)
  }

  async count(cluster: number): Promise<number> {
    const { countsPerBlock } = this.#file.geometry
    const block = await this.block(Math.floor(cluster / countsPerBlock))
    return block ? this.#access.get(block.view, cluster % countsPerBlock) : 0
  }

  /** Sets the count of `count` clusters from `first` on; all of them have blocks. */
  async set(first: number, count: number, value: number): Promise<void> {
    const { countsPerBlock } = this.#file.geometry
    for (let cluster = first; cluster < first + count;) {
      const index = Math.floor(cluster / countsPerBlock)
      const block = await this.block(index)
      const end = Math.min(first + count, (index + 1) * countsPerBlock)
      if (!block) throw damaged(this.#file.storage.name, `cluster ${cluster} has no reference count`, 0)
      const from = cluster % countsPerBlock
      const to = from + (end - cluster)
      for (; cluster < end; cluster += 1) this.#access.set(block.view, cluster % countsPerBlock, value)
      this.#changed(block, from, to)
    }
  }

  /**
   * Goes through ascending cluster numbers, of which some may stand there several times, one block after the other.
   * `next` is told the count of each and returns what it becomes. Whatever has been changed may be written at any moment.
   */
  async update(clusters: Float64Array, next: (count: number, times: number, cluster: number) => number): Promise<void> {
    const { countsPerBlock } = this.#file.geometry
    for (let at = 0; at < clusters.length;) {
      const index = Math.floor((clusters[at] ?? 0) / countsPerBlock)
      const block = await this.block(index)
      const end = (index + 1) * countsPerBlock
      for (let cluster = clusters[at] ?? end; cluster < end; cluster = clusters[at] ?? end) {
        const start = at
        while (clusters[at] === cluster) at += 1
        const place = cluster % countsPerBlock
        const old = block ? this.#access.get(block.view, place) : 0
        const count = next(old, at - start, cluster)
        if (count === old) continue
        if (!block) throw damaged(this.#file.storage.name, `cluster ${cluster} has no reference count`, 0)
        this.#access.set(block.view, place, count)
        this.#changed(block, place, place + 1)
      }
      if (this.changedBytes > MAX_CHANGED) await this.writeBack()
    }
  }

  /** The largest count there is. */
  async largest(): Promise<number> {
    let largest = 0
    await this.each((_cluster, count) => {
      largest = Math.max(largest, count)
    })
    return largest
  }

  /** Tells of every cluster that is counted at all, ascending. */
  async each(tell: (cluster: number, count: number) => void): Promise<void> {
    const { countsPerBlock } = this.#file.geometry
    for (let index = 0; index < this.capacity; index += 1) {
      const block = await this.block(index)
      if (!block) continue
      for (let place = 0; place < countsPerBlock; place += 1) {
        const count = this.#access.get(block.view, place)
        if (count > 0) tell(index * countsPerBlock + place, count)
      }
    }
  }

  /** The same for the clusters from `first` up to `end`. */
  async eachWithin(first: number, end: number, tell: (cluster: number, count: number) => void): Promise<void> {
    const { countsPerBlock } = this.#file.geometry
    const last = Math.min(this.capacity, Math.ceil(end / countsPerBlock))
    for (let index = Math.floor(first / countsPerBlock); index < last; index += 1) {
      const block = await this.block(index)
      if (!block) continue
      const start = index * countsPerBlock
      const stop = Math.min(countsPerBlock, end - start)
      for (let place = Math.max(0, first - start); place < stop; place += 1) {
        const count = this.#access.get(block.view, place)
        if (count > 0) tell(start + place, count)
      }
    }
  }

  /** The block that counts clusters from `index` * countsPerBlock on. */
  async block(index: number): Promise<Table | undefined> {
    const offset = this.#blockOffset(index)
    return offset === 0 ? undefined : this.#blocks.load(offset)
  }

  /** The first `atMost` or fewer clusters that lie together from `from` on in one block and are counted 0 times. */
  findFree(block: Table, from: number, atMost: number): { readonly start: number; readonly count: number } | undefined {
    const { countsPerBlock } = this.#file.geometry
    let start = from
    while (start < countsPerBlock && this.#access.get(block.view, start) !== 0) start += 1
    if (start === countsPerBlock) return undefined
    let end = start + 1
    while (end < countsPerBlock && end - start < atMost && this.#access.get(block.view, end) === 0) end += 1
    return { start, count: end - start }
  }

  /** A new block at `offset` that counts nothing yet, not even itself. */
  addBlock(index: number, offset: number): void {
    this.#blocks.create(offset)
    this.#table.view.setBigUint64(index * REFCOUNT_TABLE_ENTRY_SIZE, BigInt(offset))
    this.#table.change(index * REFCOUNT_TABLE_ENTRY_SIZE, REFCOUNT_TABLE_ENTRY_SIZE)
  }

  /**
   * Forgets all blocks that count nothing, or only themselves; durable once written back. Returns the clusters they
   * were in; those which another block counts are still counted.
   */
  async dropEmptyBlocks(): Promise<readonly number[]> {
    const { clusterSize, countsPerBlock } = this.#file.geometry
    const dropped: number[] = []
    for (let index = 0; index < this.capacity; index += 1) {
      const offset = this.#blockOffset(index)
      if (offset === 0) continue
      const own = offset / clusterSize - index * countsPerBlock
      const { view } = await this.#blocks.load(offset)
      let place = 0
      while (place < countsPerBlock && (place === own || this.#access.get(view, place) === 0)) place += 1
      if (place < countsPerBlock) continue
      this.#blocks.forget(offset)
      this.#table.view.setBigUint64(index * REFCOUNT_TABLE_ENTRY_SIZE, 0n)
      this.#table.change(index * REFCOUNT_TABLE_ENTRY_SIZE, REFCOUNT_TABLE_ENTRY_SIZE)
      dropped.push(offset / clusterSize)
    }
    return dropped
  }

  /** Behind the last cluster that is counted at all. */
  async end(): Promise<number> {
    const { countsPerBlock } = this.#file.geometry
    for (let index = this.blockCount - 1; index >= 0; index -= 1) {
      const block = await this.block(index)
      if (!block) continue
      for (let place = countsPerBlock - 1; place >= 0; place -= 1) {
        if (this.#access.get(block.view, place) !== 0) return index * countsPerBlock + place + 1
      }
    }
    return 0
  }

  /** The table continues at `offset`, with room for more entries. */
  moveTable(offset: number, length: number): void {
    const bytes = new Uint8Array(length)
    bytes.set(this.#table.bytes)
    this.#table = new Table(offset, bytes)
    this.#table.change(0, length)
    this.#moved = true
  }

  /** Writes what has changed: blocks before the table that leads to them, the table before the header. */
  async writeBack(): Promise<void> {
    const { storage } = this.#file
    await this.#blocks.writeBack()
    if (!this.#table.changed) return
    await storage.flush()
    await this.#table.writeBack(storage)
    if (!this.#moved) return
    await storage.flush()
    // Side by side in one sector: the switch from the old table to the new one cannot tear.
    await this.#file.writeHeader({
      refcount_table_offset: this.#table.offset,
      refcount_table_clusters: this.#table.bytes.length / this.#file.geometry.clusterSize,
    })
    this.#moved = false
  }

  #blockOffset(index: number): number {
    if (index >= this.capacity) return 0
    const at = index * REFCOUNT_TABLE_ENTRY_SIZE
    const { view } = this.#table
    return view.getUint32(at) * WORD + ((view.getUint32(at + 4) & ~RESERVED_LOW) >>> 0)
  }

  #checkEntry(index: number): void {
    const { geometry, size, storage } = this.#file
    const place = this.#table.offset + index * REFCOUNT_TABLE_ENTRY_SIZE
    const offset = this.#blockOffset(index)
    const reserved = this.#table.view.getUint32(index * REFCOUNT_TABLE_ENTRY_SIZE + 4) & RESERVED_LOW
    if (reserved === 0 && offset % geometry.clusterSize === 0 && offset < size) return
    throw damaged(
      storage.name,
      `entry ${index} of its refcount table leads to offset ${offset}, where no refcount block can be`,
      place,
    )
  }

  #changed(block: Table, from: number, to: number): void {
    const { refcountBits } = this.#file.geometry
    const start = Math.floor((from * refcountBits) / 8)
    this.#blocks.change(block, start, Math.ceil((to * refcountBits) / 8) - start)
  }
}
