// Building a qcow2 image front to back: data in guest order from the second cluster on, tables behind it, header last.

import type { CreateSpec, ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { MiB, roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import type { StandardEntry } from './entries.ts'
import { Frontier } from './frontier.ts'
import { clustersFor } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { encodeHeaderCluster } from './header-cluster.ts'
import { checkedCountTables, writeNewRefcounts } from './new-refcounts.ts'
import type { Design } from './options.ts'
import { ExtraCounts, PackedRoom } from './packed-room.ts'
import { countAccess } from './refcount-width.ts'
import { TableStream } from './table-stream.ts'

const SECTOR = 512

export class Qcow2Builder implements ImageBuilder {
  readonly blockSize: number
  readonly storage: Storage
  readonly packing?: NonNullable<ImageBuilder['packing']>
  readonly #file: Storage
  readonly #design: Design
  readonly #geometry: Geometry
  readonly #frontier = new Frontier()
  readonly #extra = new ExtraCounts()
  readonly #tables: TableStream
  /** Where guest byte 0 is when all data has its place beforehand. */
  readonly #fixedStart: number | undefined
  /** Guest bytes before this are placed. */
  #position = 0

  private constructor(file: Storage, dataFile: Storage | undefined, design: Design, compress: boolean) {
    const { geometry } = design
    this.#file = file
    this.storage = dataFile ?? file
    this.#design = design
    this.#geometry = geometry
    this.blockSize = geometry.clusterSize
    if (dataFile) this.#fixedStart = 0
    else if (this.#isPreallocated)
      this.#fixedStart = this.#frontier.take(clustersFor(geometry.virtualSize, geometry)) * geometry.clusterSize
    // Preallocated subclusters have room but no data: a backing file still shows through.
    const preset = (cluster: number) =>
      this.#entry((this.#fixedStart ?? 0) + cluster * geometry.clusterSize, geometry.subclusters === 1)
    this.#tables = new TableStream(file, geometry, this.#frontier, this.#isPreallocated ? preset : undefined)
    if (!compress) return
    const room = new PackedRoom(geometry, countAccess(geometry.refcountBits).max, this.#frontier, this.#extra)
    this.packing = {
      codec: design.compression === 'zstd' ? 'zstd' : 'deflate',
      place: (offset, packedLength) => this.#placePacked(room, offset, packedLength),
    }
  }

  get #isPreallocated(): boolean {
    return this.#design.preallocation !== 'off'
  }

  /** What cannot be finished is not begun: the names must fit, and the tables must be able to count the room. */
  static async start(
    file: Storage,
    dataFile: Storage | undefined,
    design: Design,
    spec: CreateSpec,
  ): Promise<Qcow2Builder> {
    const builder = new Qcow2Builder(file, dataFile, design, spec.compress === true)
    encodeHeaderCluster(design, { l1Offset: 0, countTableOffset: 0, countTableClusters: 0 })
    checkedCountTables(design.geometry, builder.#frontier.next)
    await dataFile?.truncate(design.geometry.virtualSize)
    await builder.#reserve(spec)
    return builder
  }

  place(offset: number, length: number): number {
    const { clusterSize } = this.#geometry
    const first = this.#advance(offset, length)
    const count = clustersFor(length, this.#geometry)
    const host = this.#fixedStart === undefined ? this.#frontier.take(count) * clusterSize : this.#fixedStart + offset
    for (let cluster = 0; cluster < count; cluster += 1)
      this.#tables.set(first + cluster, this.#entry(host + cluster * clusterSize, true))
    return host
  }

  placeZero(offset: number, length: number): void {
    const { allSubclusters, clusterSize, version } = this.#geometry
    if (!this.#design.backing) return
    // Version 2 has no zero clusters: a fresh cluster that is never written reads as zeros, too.
    if (version < 3) {
      this.place(offset, length)
      return
    }
    const first = this.#advance(offset, length)
    for (let cluster = first; cluster < first + clustersFor(length, this.#geometry); cluster += 1) {
      const room = this.#isPreallocated ? (this.#fixedStart ?? 0) + cluster * clusterSize : undefined
      this.#tables.set(cluster, {
        kind: 'standard',
        offset: room,
        copied: room !== undefined,
        allocated: 0,
        zero: allSubclusters,
      })
    }
  }

  async drain(): Promise<void> {
    await this.#tables.drain()
  }

  async finish(): Promise<void> {
    const { clusterSize } = this.#geometry
    await this.#tables.finish()
    const { l1 } = this.#tables
    const l1Offset = l1.length === 0 ? 0 : this.#frontier.take(clustersFor(l1.length, this.#geometry)) * clusterSize
    if (l1.length > 0) await this.#file.write(l1Offset, l1)
    const counts = await writeNewRefcounts(this.#file, this.#geometry, this.#frontier, this.#extra)
    await this.storage.flush()
    if (this.storage !== this.#file) await this.#file.flush()
    const header = encodeHeaderCluster(this.#design, {
      l1Offset,
      countTableOffset: counts.tableOffset,
      countTableClusters: counts.tableClusters,
    })
    await this.#file.write(0, header)
    await this.#file.flush()
  }

  #placePacked(room: PackedRoom, offset: number, packedLength: number): number {
    const cluster = this.#advance(offset, this.blockSize)
    const host = room.place(packedLength)
    // The room that was set aside for this cluster stays free.
    if (this.#fixedStart !== undefined) this.#extra.add(this.#fixedStart / this.blockSize + cluster, -1)
    const start = host % SECTOR
    const length = roundUp(start + packedLength, SECTOR) - start
    this.#tables.set(cluster, { kind: 'compressed', offset: host, length })
    return host
  }

  #entry(offset: number, allocated: boolean): StandardEntry {
    return { kind: 'standard', offset, copied: true, allocated: allocated ? this.#geometry.allSubclusters : 0, zero: 0 }
  }

  /** The number of the guest cluster at `offset`. */
  #advance(offset: number, length: number): number {
    const { clusterSize } = this.#geometry
    if (offset < this.#position || offset % clusterSize !== 0)
      throw new SpindleError('internal', `guest offset ${offset} was placed after ${this.#position}`)
    this.#position = offset + length
    return offset / clusterSize
  }

  /** Reserves or writes the room of the whole disk where that was asked for. */
  async #reserve({ pace }: CreateSpec): Promise<void> {
    const { preallocation, geometry } = this.#design
    const start = this.#fixedStart ?? 0
    if (preallocation === 'falloc') await this.storage.allocate(start, geometry.virtualSize)
    if (preallocation !== 'full') return
    // Real writes: some file systems reserve nothing until they see them.
    const zeros = new Uint8Array(MiB)
    for (let done = 0; done < geometry.virtualSize;) {
      const step = Math.min(MiB, geometry.virtualSize - done)
      await this.storage.write(start + done, zeros.subarray(0, step))
      done += step
      await pace?.(step)
    }
  }
}
