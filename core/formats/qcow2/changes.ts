// Changes to the tables of an open image: gathered in memory, written in an order that leaves a sound image at any moment.

import { SpindleError } from '../../model/error.ts'
import { MiB } from '../../model/units.ts'
import { Allocator } from './allocator.ts'
import type { Run } from './allocator.ts'
import type { ClusterSet } from '../../image/cluster-set.ts'
import { damaged } from './damage.ts'
import { decodeL1, encodeL1, encodeL2 } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import { FreedRoom } from './freed-room.ts'
import { clustersFor } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, L1_ENTRY_SIZE } from './layout.ts'
import { metadataClusters } from './metadata-clusters.ts'
import { Refcounts } from './refcounts.ts'
import type { Table } from '../../image/table-cache.ts'

/** What may gather in memory before it is written without being asked for: bytes of changed tables, clusters to free. */
const MAX_CHANGED = 4 * MiB
const MAX_RELEASED = 65_536
/** The file does not grow past more clusters waiting to be free than a twentieth of it, or these few. */
const RELEASED_PART = 1 / 20
const RELEASED_FEW = 16

type Entry = StandardEntry | CompressedEntry

export class Changes {
  readonly refcounts: Refcounts
  readonly allocator: Allocator
  /** Every cluster that holds a table of the disk, or one of those all tables are found by. */
  readonly metadata: ClusterSet
  readonly #file: ImageFile
  /** How many pointers each cluster has lost; its count falls once that is durable. */
  readonly #released = new Map<number, number>()
  /** Ranges of the external data file that no entry leads to any more. */
  #unneeded: { readonly offset: number; readonly length: number }[] = []
  readonly #freed: FreedRoom
  #isWholeUnderWay = false
  #failure: SpindleError | undefined

  private constructor(file: ImageFile, refcounts: Refcounts, metadata: ClusterSet) {
    this.#file = file
    this.refcounts = refcounts
    this.metadata = metadata
    this.#freed = new FreedRoom(file, refcounts)
    this.allocator = new Allocator(file, refcounts, metadata, (old) => this.#releaseRun(old))
  }

  /**
   * Reads what has to be known before anything is written, and takes back what the header says of parts that Spindle
   * does not know. Throws `invalid-image` when the tables cannot be trusted.
   */
  static async begin(file: ImageFile): Promise<Changes> {
    const refcounts = await Refcounts.open(file)
    const changes = new Changes(file, refcounts, await metadataClusters(file, refcounts))
    await changes.#keepAutoclear(AUTOCLEAR.rawExternalData | AUTOCLEAR.bitmaps)
    return changes
  }

  /** To be called before guest data changes: dirty bitmaps, which are not kept up to date, no longer tell of all of it. */
  async disownBitmaps(): Promise<void> {
    await this.#keepAutoclear(~AUTOCLEAR.bitmaps)
  }

  /** To be called before each change. Throws what ended this writer; writes out what has gathered when it is much. */
  async ready(): Promise<void> {
    if (this.#failure) throw this.#failure
    const { geometry, l2Tables, size } = this.#file
    const waiting = this.#released.size
    const isMuch =
      l2Tables.changedBytes + this.refcounts.changedBytes > MAX_CHANGED ||
      waiting > MAX_RELEASED ||
      (this.allocator.isAtEnd && waiting > Math.max(RELEASED_FEW, (size / geometry.clusterSize) * RELEASED_PART))
    if (isMuch) await this.commit()
  }

  /**
   * Does work that is done as a whole or not at all, once all that has gathered is written. After a failure nothing
   * more is written, not even what the work has left in memory.
   */
  async whole<T>(work: () => Promise<T>): Promise<T> {
    await this.commit()
    this.#isWholeUnderWay = true
    try {
      const value = await work()
      await this.commit()
      this.#isWholeUnderWay = false
      await this.#freed.giveBack()
      return value
    } catch (error) {
      this.#failure = this.#ended(error)
      throw error
    }
  }

  /** Clusters that nothing counts any more, durably: their room is given back once a change of several steps is whole. */
  async freeRoom(runs: readonly Run[]): Promise<void> {
    this.#freed.add(runs)
    if (!this.#isWholeUnderWay) await this.#freed.giveBack()
  }

  /** Puts a table where nothing is yet, in clusters that lie together. Durable; nothing leads there so far. */
  async place(bytes: Uint8Array): Promise<number> {
    const { geometry, storage } = this.#file
    const run = await this.allocator.allocateTogether(clustersFor(bytes.length, geometry))
    this.metadata.add(run.first, run.count)
    const offset = run.first * geometry.clusterSize
    await storage.write(offset, bytes)
    await this.refcounts.writeBack()
    await storage.flush()
    return offset
  }

  /** Data at `offset` of the external data file is about to be written: nothing may be discarded there later on. */
  async keepDataFile(): Promise<void> {
    if (this.#unneeded.length > 0) await this.commit()
  }

  /** The L2 table of L1 entry `index`, fit to be changed: made when there is none, copied when a snapshot shares it. */
  async ownTable(index: number): Promise<Table> {
    const { geometry, l2Tables } = this.#file
    const l1 = await this.#file.l1()
    const entry = decodeL1(geometry, l1.view, index)
    const old = await this.#file.table(index)
    if (old) {
      const count = await this.#count(old.offset)
      if (count === 0)
        throw damaged(this.#file.storage.name, `the L2 table at offset ${old.offset} is counted as free`, old.offset)
      // A stale flag would let a change through to a snapshot: the count has the last word.
      if (entry.kind === 'table' && entry.copied && count === 1) return old
    }
    const { first } = await this.allocator.allocate(1)
    const offset = first * geometry.clusterSize
    this.metadata.add(first)
    const table = l2Tables.create(offset, old?.bytes.slice())
    encodeL1(l1.view, index, offset, true)
    l1.change(index * L1_ENTRY_SIZE, L1_ENTRY_SIZE)
    if (old) this.release(old.offset / geometry.clusterSize)
    return table
  }

  /** True when the entry's room is its own, so that guest data may be written there in place. */
  async owns(entry: StandardEntry | CompressedEntry): Promise<boolean> {
    if (entry.kind === 'compressed' || entry.offset === undefined) return false
    if (this.#file.geometry.externalData) return true
    if (!entry.copied || (await this.#count(entry.offset)) !== 1) return false
    if (this.metadata.has(entry.offset / this.#file.geometry.clusterSize))
      throw damaged(this.#file.storage.name, 'guest data lies where a table is', entry.offset)
    return true
  }

  /** Room for guest data, a run of at most `atMost` clusters. */
  allocate(atMost: number): Promise<Run> {
    return this.allocator.allocate(atMost)
  }

  /** Room that was allocated and never used. */
  giveBack(run: Run): Promise<void> {
    return this.allocator.free(run)
  }

  /** Throws `invalid-image` when the counts do not allow for the entry to let go of its room. */
  async mayRelease(entry: StandardEntry | CompressedEntry): Promise<void> {
    for (const cluster of this.#clustersOf(entry)) {
      const offset = cluster * this.#file.geometry.clusterSize
      if ((await this.#count(offset)) > (this.#released.get(cluster) ?? 0)) continue
      throw damaged(
        this.#file.storage.name,
        `the reference count of cluster ${cluster}, which is in use, is too low`,
        offset,
      )
    }
  }

  /** Puts `next` in the place of `old` in a table from ownTable(). Room that is no longer pointed at becomes free. */
  replace(table: Table, cluster: number, old: Entry, next: Entry): void {
    const { geometry, l2Tables } = this.#file
    const index = cluster % geometry.entriesPerTable
    encodeL2(geometry, table.view, index, next)
    l2Tables.change(table, index * geometry.entrySize, geometry.entrySize)
    if (old.offset === undefined || old.offset === next.offset) return
    for (const released of this.#clustersOf(old)) this.release(released)
    if (!geometry.externalData) return
    const length = Math.min(geometry.clusterSize, geometry.virtualSize - old.offset)
    this.#unneeded.push({ offset: old.offset, length })
  }

  /** Pointers to a cluster are gone, in a table that is changed in memory so far: its count falls once that is durable. */
  release(cluster: number, times = 1): void {
    this.#released.set(cluster, (this.#released.get(cluster) ?? 0) + times)
  }

  /**
   * Writes everything, each step durable before the next one needs it: data and raised counts, tables, pointers to new
   * tables, lowered counts. A crash in between leaks room at worst. After a failure nothing more is written.
   */
  async commit(): Promise<void> {
    if (this.#failure) throw this.#failure
    try {
      await this.#commit()
    } catch (error) {
      this.#failure = this.#ended(error)
      throw this.#failure
    }
  }

  async #keepAutoclear(kept: bigint): Promise<void> {
    const { autoclear_features: features } = this.#file.header
    if ((features & ~kept) === 0n) return
    await this.#file.writeHeader({ autoclear_features: features & kept })
    await this.#file.storage.flush()
  }

  async #commit(): Promise<void> {
    const { l2Tables, storage } = this.#file
    await this.refcounts.writeBack()
    await this.#flush()
    const l1 = await this.#file.l1()
    if (l2Tables.changedBytes > 0) {
      await l2Tables.writeBack()
      await storage.flush()
    }
    if (l1.changed) {
      await l1.writeBack(storage)
      await storage.flush()
    }
    if (this.#released.size === 0 && this.#unneeded.length === 0) return
    const freed = await this.#lowerCounts()
    await this.refcounts.writeBack()
    await this.#flush()
    this.#freed.addClusters(freed)
    if (!this.#isWholeUnderWay) await this.#freed.giveBack()
    if (this.#unneeded.length === 0) return
    for (const { offset, length } of this.#unneeded) await this.#file.dataStorage.discard(offset, length)
    this.#unneeded = []
    await this.#flush()
  }

  /** Returns the clusters nothing points at any more; from here on they may be given out again. */
  async #lowerCounts(): Promise<readonly number[]> {
    const freed: number[] = []
    for (const [cluster, times] of this.#released) {
      const count = (await this.#count(cluster * this.#file.geometry.clusterSize)) - times
      if (count > 0) await this.refcounts.set(cluster, 1, count)
      else {
        await this.allocator.free({ first: cluster, count: 1 })
        this.metadata.delete(cluster)
        freed.push(cluster)
      }
    }
    this.#released.clear()
    return freed
  }

  async #flush(): Promise<void> {
    const { dataStorage, storage } = this.#file
    if (dataStorage !== storage) await dataStorage.flush()
    await storage.flush()
  }

  async #count(offset: number): Promise<number> {
    const cluster = offset / this.#file.geometry.clusterSize
    return this.refcounts.peek(cluster) ?? this.refcounts.count(cluster)
  }

  *#clustersOf(entry: StandardEntry | CompressedEntry): Generator<number> {
    const { clusterSize, externalData } = this.#file.geometry
    if (entry.offset === undefined || externalData) return
    const length = entry.kind === 'compressed' ? entry.length : clusterSize
    const last = Math.floor((entry.offset + length - 1) / clusterSize)
    for (let cluster = Math.floor(entry.offset / clusterSize); cluster <= last; cluster += 1) yield cluster
  }

  #releaseRun({ first, count }: Run): void {
    for (let cluster = first; cluster < first + count; cluster += 1) this.release(cluster)
  }

  #ended(error: unknown): SpindleError {
    const { name } = this.#file.storage
    const cause = error instanceof SpindleError ? error : undefined
    return new SpindleError(
      cause?.code ?? 'internal',
      `The tables of ${name} could not be written: ${cause?.message ?? String(error)} What was flushed before is safe; nothing more is written until the image is opened again.`,
      { path: name, offset: cause?.offset, cause: error },
    )
  }
}
