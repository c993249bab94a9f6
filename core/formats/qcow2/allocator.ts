// Giving out host clusters: free ones first, then new ones at the end of the file, each with its count set to 1.

import { SpindleError } from '../../model/error.ts'
import { formatSize } from '../../model/units.ts'
import type { ClusterSet } from '../../image/cluster-set.ts'
import { clustersFor } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { MAX_REFCOUNT_TABLE_BYTES, REFCOUNT_TABLE_ENTRY_SIZE } from './layout.ts'
import { readOnly } from './damage.ts'
import type { Refcounts } from './refcounts.ts'

/** Clusters that lie together, by number. */
export interface Run {
  readonly first: number
  readonly count: number
}

export class Allocator {
  readonly #file: ImageFile
  readonly #refcounts: Refcounts
  /** Clusters that hold tables: whatever their count says, they are never given out. */
  readonly #metadata: ClusterSet
  readonly #outgrown: (old: Run) => void
  /** Every cluster before this one is in use. */
  #searchFrom = 0

  /** `outgrown` is told of the clusters of a refcount table that a longer one replaces; the header still names them. */
  constructor(file: ImageFile, refcounts: Refcounts, metadata: ClusterSet, outgrown: (old: Run) => void) {
    this.#file = file
    this.#refcounts = refcounts
    this.#metadata = metadata
    this.#outgrown = outgrown
  }

  /** No free cluster is left inside the file: the next one makes it longer. */
  get isAtEnd(): boolean {
    return this.#searchFrom * this.#file.geometry.clusterSize >= this.#file.size
  }

  /**
   * At least one and at most `atMost` clusters; nothing on disk points at them yet. Throws `unsupported` when the
   * image cannot grow, and `invalid-image` when the counts call a table free.
   */
  async allocate(atMost: number): Promise<Run> {
    const { countsPerBlock } = this.#file.geometry
    for (;;) {
      const index = Math.floor(this.#searchFrom / countsPerBlock)
      if (index >= this.#refcounts.capacity) {
        await this.#growTable(index)
        continue
      }
      const block = await this.#refcounts.block(index)
      if (!block) {
        // Nothing is counted here, so all is free. The block counts itself.
        await this.#addBlocks(index, { first: this.#searchFrom, count: 1 })
        continue
      }
      const free = this.#refcounts.findFree(block, this.#searchFrom % countsPerBlock, atMost)
      if (!free) {
        this.#searchFrom = (index + 1) * countsPerBlock
        continue
      }
      const run = { first: index * countsPerBlock + free.start, count: free.count }
      await this.#take(run)
      this.#searchFrom = run.first + run.count
      return run
    }
  }

  /** As allocate(), but behind the end of the file, where nothing was ever written. */
  async allocateFresh(atMost: number): Promise<Run> {
    const searchFrom = this.#searchFrom
    this.#searchFrom = Math.max(searchFrom, Math.ceil(this.#file.size / this.#file.geometry.clusterSize))
    try {
      return await this.allocate(atMost)
    } finally {
      this.#searchFrom = searchFrom
    }
  }

  /** Exactly `count` clusters that lie together, for a table that is larger than one. */
  async allocateTogether(count: number): Promise<Run> {
    for (;;) {
      const first = await this.findTogether(count)
      if (first !== undefined) {
        await this.#take({ first, count })
        return { first, count }
      }
      await this.#countFurther(count)
    }
  }

  /** Tells of clusters from `first` on that are counted as free from now on. */
  freed(first: number): void {
    this.#searchFrom = Math.min(this.#searchFrom, first)
  }

  /** Returns clusters nothing points at, on disk or in memory. */
  async free({ first, count }: Run): Promise<void> {
    await this.#refcounts.set(first, count, 0)
    this.freed(first)
  }

  /** Where allocateTogether() would find them, unless the counts have to reach further for that. */
  async findTogether(count: number): Promise<number | undefined> {
    const { countsPerBlock } = this.#file.geometry
    let first = this.#searchFrom
    let found = 0
    for (let index = Math.floor(first / countsPerBlock); index < this.#refcounts.capacity; index += 1) {
      const block = await this.#refcounts.block(index)
      const end = (index + 1) * countsPerBlock
      for (let at = first + found; at < end;) {
        const free = block && this.#refcounts.findFree(block, at % countsPerBlock, count - found)
        const start = free ? index * countsPerBlock + free.start : end
        if (start > at) {
          first = start
          found = 0
        }
        found += free?.count ?? 0
        if (found >= count) return first
        at = first + found
      }
    }
    return undefined
  }

  /** Blocks for `count` clusters more than are counted so far, and for those the blocks are in, which come first. */
  async #countFurther(count: number): Promise<void> {
    const { countsPerBlock } = this.#file.geometry
    const index = this.#refcounts.blockCount
    let blocks = 0
    while (blocks * countsPerBlock < count + blocks) blocks += 1
    if (index + blocks > this.#refcounts.capacity) await this.#growTable(index)
    else await this.#addBlocks(index, { first: index * countsPerBlock, count: blocks })
  }

  async #take({ first, count }: Run): Promise<void> {
    const { clusterSize } = this.#file.geometry
    for (let cluster = first; cluster < first + count; cluster += 1) {
      if (this.#metadata.has(cluster))
        throw readOnly(
          this.#file.storage.name,
          `has wrong reference counts: cluster ${cluster}, at offset ${cluster * clusterSize}, holds a table and is counted as free`,
          cluster * clusterSize,
        )
    }
    await this.#refcounts.set(first, count, 1)
    this.#file.size = Math.max(this.#file.size, (first + count) * clusterSize)
  }

  /** Puts the blocks from `index` on in the clusters of `room`, one each. */
  async #addBlocks(index: number, room: Run): Promise<void> {
    const { clusterSize } = this.#file.geometry
    for (let block = 0; block < room.count; block += 1)
      this.#refcounts.addBlock(index + block, (room.first + block) * clusterSize)
    await this.#take(room)
    this.#metadata.add(room.first, room.count)
  }

  /** A longer table, with the blocks that count it behind it, at the first clusters the old one could not count. */
  async #growTable(index: number): Promise<void> {
    const { geometry, storage } = this.#file
    const { clusterSize, countsPerBlock } = geometry
    const first = index * countsPerBlock
    const wanted = Math.ceil(Math.max(index + 1, this.#refcounts.capacity) * 1.5)
    let tableClusters = clustersFor(wanted * REFCOUNT_TABLE_ENTRY_SIZE, geometry)
    let blocks = 0
    for (let enough = false; !enough;) {
      blocks = Math.ceil(tableClusters / (countsPerBlock - 1))
      const entries = (tableClusters * clusterSize) / REFCOUNT_TABLE_ENTRY_SIZE
      enough = index + blocks <= entries
      if (!enough) tableClusters += 1
    }
    if (tableClusters * clusterSize > MAX_REFCOUNT_TABLE_BYTES)
      throw new SpindleError(
        'unsupported',
        `${storage.name} cannot grow past ${formatSize(first * clusterSize)}: its clusters of ${formatSize(clusterSize)} are too small for more. Nothing is lost; convert it to an image with larger clusters.`,
        { path: storage.name },
      )
    const old = this.#refcounts.tablePlace
    this.#refcounts.moveTable(first * clusterSize, tableClusters * clusterSize)
    this.#metadata.add(first, tableClusters)
    await this.#addBlocks(index, { first: first + tableClusters, count: blocks })
    await this.#refcounts.set(first, tableClusters, 1)
    this.#outgrown({ first: old.offset / clusterSize, count: old.length / clusterSize })
  }
}
