// What every cluster of the file holds: tables, data of the disk, data only snapshots keep, and what nothing leads to.

import type { FileMap } from '../../image/facets.ts'
import type { Table } from '../../image/table-cache.ts'
import { stateBit } from '../../model/map.ts'
import type { MapState } from '../../model/map.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import { roomOfBitmap } from './bitmap-bits.ts'
import type { Bitmap } from './bitmaps.ts'
import { decodeL1, isEmptyL2, plainPlace, plainRun } from './entries.ts'
import type { Extensions } from './extensions.ts'
import { clustersFor, l1Bytes } from './geometry.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { Refcounts } from './refcounts.ts'
import { readSnapshots } from './snapshots.ts'
import { activeRoot, readRoot } from './tree.ts'
import type { Root } from './tree.ts'

/** A byte each: what a picture may cost in memory. */
const MAX_CLUSTERS = 2 ** 26

export class Qcow2FileMap implements FileMap {
  readonly clusterSize: number
  readonly #file: ImageFile
  readonly #bitmaps: readonly Bitmap[]
  readonly #extensions: Extensions

  constructor(file: ImageFile, opened: { readonly bitmaps: readonly Bitmap[]; readonly extensions: Extensions }) {
    this.clusterSize = file.geometry.clusterSize
    this.#file = file
    this.#bitmaps = opened.bitmaps
    this.#extensions = opened.extensions
  }

  async clusters(pace?: Pace): Promise<Uint8Array> {
    const { size, storage, geometry } = this.#file
    const count = clustersFor(size, geometry)
    if (count > MAX_CLUSTERS) {
      throw new SpindleError(
        'unsupported',
        `${storage.name} has ${count} clusters, more than a picture of the file can show. The map of the disk itself is there.`,
        { path: storage.name },
      )
    }
    const marks = new Marks(count, geometry.clusterSize)
    const work = new Walk(this.#file, marks, pace)
    await work.fixedTables(this.#bitmaps, this.#extensions)
    await work.tree(await activeRoot(this.#file), false)
    await work.snapshots()
    await work.counts()
    return marks.clusters
  }
}

class Marks {
  readonly clusters: Uint8Array
  readonly #clusterSize: number

  constructor(count: number, clusterSize: number) {
    this.clusters = new Uint8Array(count)
    this.#clusterSize = clusterSize
  }

  addCluster(bit: number, cluster: number): void {
    this.clusters[cluster] = (this.clusters[cluster] ?? 0) | bit
  }

  /** What lies past the end of the file has no cluster there. */
  add(state: MapState, offset: number, length = 1): void {
    const bit = stateBit(state)
    const last = Math.min(this.clusters.length - 1, Math.floor((offset + length - 1) / this.#clusterSize))
    for (let cluster = Math.floor(offset / this.#clusterSize); cluster <= last; cluster += 1) {
      this.clusters[cluster] = (this.clusters[cluster] ?? 0) | bit
    }
  }
}

class Walk {
  readonly #file: ImageFile
  readonly #marks: Marks
  readonly #pace: Pace | undefined
  /** L2 tables of snapshots that have been seen to: many share one. */
  readonly #seen = new Set<number>()

  constructor(file: ImageFile, marks: Marks, pace: Pace | undefined) {
    this.#file = file
    this.#marks = marks
    this.#pace = pace
  }

  async fixedTables(bitmaps: readonly Bitmap[], extensions: Extensions): Promise<void> {
    const { geometry } = this.#file
    this.#marks.add('metadata', 0)
    const { encryption, bitmaps: directory } = extensions
    if (encryption) this.#table(encryption.offset, encryption.length)
    if (directory) this.#table(directory.bitmap_directory_offset, directory.bitmap_directory_size)
    for (const bitmap of bitmaps) {
      await this.#orCorrupt(bitmap.table.offset, async () => {
        for (const { first, count } of await roomOfBitmap(this.#file, bitmap)) {
          this.#table(first * geometry.clusterSize, count * geometry.clusterSize)
        }
      })
    }
  }

  async snapshots(): Promise<void> {
    const table = await readSnapshots(this.#file.storage, this.#file.header)
    if (table.length > 0) this.#table(table.offset, table.length)
    if (table.damage) this.#marks.add('corrupt', table.offset)
    for (const { l1 } of table.snapshots) {
      await this.#orCorrupt(l1.offset, async () => this.tree(await readRoot(this.#file, l1), true))
    }
  }

  /** One L1 table and all it leads to. */
  async tree(root: Root, isSnapshot: boolean): Promise<void> {
    const { geometry, l2Tables, size } = this.#file
    this.#table(root.offset, l1Bytes(root.end))
    for (let index = root.first; index < root.end; index += 1) {
      const entry = decodeL1(geometry, root.view, index)
      if (entry.kind === 'none') continue
      await this.#pace?.(0)
      if (entry.kind === 'invalid' || entry.offset + geometry.clusterSize > size) {
        this.#marks.add('corrupt', root.offset + index * 8)
        continue
      }
      if (isSnapshot && this.#seen.has(entry.offset)) continue
      if (isSnapshot) this.#seen.add(entry.offset)
      this.#table(entry.offset, geometry.clusterSize)
      this.#data(l2Tables.peek(entry.offset) ?? (await l2Tables.load(entry.offset)), index, isSnapshot)
    }
  }

  /** In use and led to by nothing, or in use and counted as free. */
  async counts(): Promise<void> {
    const { refcount_table_offset: offset } = this.#file.header
    await this.#orCorrupt(offset, async () => {
      const refcounts = await Refcounts.open(this.#file)
      this.#table(refcounts.tablePlace.offset, refcounts.tablePlace.length)
      for (const block of refcounts.blockOffsets()) this.#table(block, this.#file.geometry.clusterSize)
      const { clusters } = this.#marks
      const bits = { leak: stateBit('leak'), corrupt: stateBit('corrupt') }
      let next = 0
      const uncountedTo = (end: number): void => {
        for (; next < Math.min(end, clusters.length); next += 1) {
          const mark = clusters[next] ?? 0
          if (mark !== 0) clusters[next] = mark | bits.corrupt
        }
      }
      await refcounts.each((cluster) => {
        uncountedTo(cluster)
        if (clusters[cluster] === 0) clusters[cluster] = bits.leak
        next = cluster + 1
      })
      uncountedTo(clusters.length)
    })
  }

  #data(table: Table, l1Index: number, isSnapshot: boolean): void {
    const { geometry } = this.#file
    const { clusterSize, entriesPerTable, externalData } = geometry
    if (externalData) return
    const bit = stateBit(isSnapshot ? 'shared' : 'data')
    for (let index = 0; index < entriesPerTable;) {
      const end = index + plainRun(geometry, table.view, index, entriesPerTable, this.#file.size)
      for (; index < end; index += 1) this.#marks.addCluster(bit, plainPlace(geometry, table.view, index) / clusterSize)
      if (index === entriesPerTable) break
      if (!isEmptyL2(geometry, table.view, index)) {
        this.#entry(table, l1Index * entriesPerTable + index, clusterSize, isSnapshot)
      }
      index += 1
    }
  }

  #entry(table: Table, cluster: number, clusterSize: number, isSnapshot: boolean): void {
    try {
      const entry = soundEntry(this.#file, table, cluster)
      if (entry.offset === undefined) return
      const packed = entry.kind === 'compressed'
      const length = packed ? entry.length : clusterSize
      this.#marks.add(isSnapshot ? 'shared' : packed ? 'compressed' : 'data', entry.offset, length)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#marks.add('corrupt', table.offset)
    }
  }

  #table(offset: number, length: number): void {
    if (length > 0) this.#marks.add('metadata', offset, length)
  }

  async #orCorrupt(offset: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#marks.add('corrupt', offset)
    }
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof SpindleError && error.code === 'invalid-image'
}
