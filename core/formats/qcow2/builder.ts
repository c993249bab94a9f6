// Building a qcow2 image front to back: data in guest order from the second cluster on, tables behind it, header last.

import { CipherStorage } from '../../crypto/cipher-storage.ts'
import type { NewLuks1 } from '../../crypto/luks1-new.ts'
import type { CreateSpec, ImageBuilder, OpenGate } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { MiB, roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import type { StandardEntry } from './entries.ts'
import { Frontier } from './frontier.ts'
import { clustersFor } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { encodeHeaderCluster } from './header-cluster.ts'
import { checkedCountTables, writeNewRefcounts } from './new-refcounts.ts'
import type { Design, EncryptionDesign } from './options.ts'
import { ExtraCounts, PackedRoom } from './packed-room.ts'
import { countAccess } from './refcount-width.ts'
import { TableStream } from './table-stream.ts'

const SECTOR = 512

/** Asks for the passphrase where that is to be done. */
async function encrypted({ luks, secrets }: EncryptionDesign, { name }: Storage, gate: OpenGate): Promise<NewLuks1> {
  const { newVolume } = await import('../../crypto/new-volume.ts')
  return newVolume(luks, name, gate.secrets, secrets)
}

/** Empty ones. */
export interface NewFiles {
  readonly storage: Storage
  readonly dataFile: Storage | undefined
}

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
  /** Of an encrypted image: its LUKS header, written at the end. */
  readonly #encryption: { readonly volume: NewLuks1; readonly offset: number } | undefined
  /** Room that nobody writes and that must read as zeros. */
  #blank: { readonly offset: number; readonly length: number }[] = []
  /** Guest bytes before this are placed. */
  #position = 0

  private constructor({ storage: file, dataFile }: NewFiles, design: Design, compress: boolean, encryption?: NewLuks1) {
    const { geometry } = design
    this.#file = file
    this.storage = encryption ? new CipherStorage(dataFile ?? file, encryption.cipher) : (dataFile ?? file)
    this.#design = design
    this.#geometry = geometry
    this.blockSize = geometry.clusterSize
    if (encryption && design.encryption) {
      const offset = this.#frontier.take(clustersFor(design.encryption.length, geometry)) * geometry.clusterSize
      this.#encryption = { volume: encryption, offset }
    }
    if (dataFile) this.#fixedStart = 0
    else if (this.#isPreallocated)
      this.#fixedStart = this.#frontier.take(clustersFor(geometry.virtualSize, geometry)) * geometry.clusterSize
    // Preallocated subclusters have room but no data: a backing file still shows through.
    // In an encrypted image it would show as noise, so it is said to hold zeros.
    const preset = (cluster: number) => {
      const entry = this.#entry((this.#fixedStart ?? 0) + cluster * geometry.clusterSize, geometry.subclusters === 1)
      return encryption && !design.backing ? { ...entry, allocated: 0, zero: geometry.allSubclusters } : entry
    }
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
    files: NewFiles & { readonly gate: OpenGate },
    design: Design,
    spec: CreateSpec,
  ): Promise<Qcow2Builder> {
    const { dataFile, storage, gate } = files
    const encryption = design.encryption && (await encrypted(design.encryption, storage, gate))
    const builder = new Qcow2Builder(files, design, spec.compress === true, encryption)
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
      const host = this.place(offset, length)
      if (this.#encryption) this.#blank.push({ offset: host, length: roundUp(length, clusterSize) })
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
    const blank = this.#blank
    this.#blank = []
    for (const { offset, length } of blank) await this.storage.zero(offset, length)
    await this.#tables.drain()
  }

  async finish(): Promise<void> {
    const { clusterSize } = this.#geometry
    await this.drain()
    await this.#tables.finish()
    const { l1 } = this.#tables
    const l1Offset = l1.length === 0 ? 0 : this.#frontier.take(clustersFor(l1.length, this.#geometry)) * clusterSize
    if (l1.length > 0) await this.#file.write(l1Offset, l1)
    const counts = await writeNewRefcounts(this.#file, this.#geometry, this.#frontier, this.#extra)
    await this.storage.flush()
    if (this.storage !== this.#file) await this.#file.flush()
    if (this.#encryption) {
      await this.#encryption.volume.write(this.#file, this.#encryption.offset)
      await this.#file.flush()
    }
    const header = encodeHeaderCluster(this.#design, {
      l1Offset,
      countTableOffset: counts.tableOffset,
      countTableClusters: counts.tableClusters,
      ...(this.#encryption && { encryptionOffset: this.#encryption.offset }),
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
