// Building a VMDK for transport: packed grains with a marker before each, tables behind them, and a footer that leads there.

import type { ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeTable } from './grain-tables.ts'
import {
  COMPRESSION_DEFLATE,
  DESCRIPTOR_SECTORS,
  DIRECTORY_AT_END,
  FLAG,
  GRAIN_MARKER,
  GRAIN_SIZE,
  LARGEST_FILE,
  MARKER,
  METADATA_MARKER,
  NEWLINES,
  SECTOR,
  SPARSE_HEADER,
  SPARSE_MAGIC,
  TABLE_ENTRIES,
} from './layout.ts'
import { TABLE_SPAN } from './geometry.ts'
import type { Design } from './options.ts'

interface Pending {
  readonly offset: number
  readonly bytes: Uint8Array
}

export class StreamBuilder implements ImageBuilder {
  readonly blockSize = GRAIN_SIZE
  readonly storage: Storage
  readonly packing: NonNullable<ImageBuilder['packing']>
  readonly #design: Design
  readonly #descriptor: Uint8Array
  readonly #directory: Float64Array
  /** Markers and tables that have their place. */
  #pending: Pending[] = []
  #table: { readonly index: number; readonly entries: Float64Array } | undefined
  #next = GRAIN_SIZE
  #position = 0

  constructor(storage: Storage, design: Design, descriptor: Uint8Array) {
    this.storage = storage
    this.#design = design
    this.#descriptor = descriptor
    this.#directory = new Float64Array(Math.ceil(design.virtualSize / TABLE_SPAN))
    this.packing = {
      codec: 'zlib',
      required: true,
      place: (offset, packedLength) => this.#placePacked(offset, packedLength),
    }
  }

  place(offset: number): number {
    throw new SpindleError('internal', `guest offset ${offset} was to be stored in a packed VMDK as it is`)
  }

  placeZero(): void {}

  async drain(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    for (const { offset, bytes } of pending) await this.storage.write(offset, bytes)
  }

  async finish(): Promise<void> {
    this.#endTable()
    const directory = this.#append(MARKER.directory, encodeTable(this.#directory))
    const place = BigInt(directory / SECTOR)
    this.#append(MARKER.footer, this.#header(place))
    this.#append(MARKER.endOfStream, new Uint8Array(0))
    this.#pending.push({ offset: SECTOR, bytes: this.#descriptor })
    await this.drain()
    await this.storage.truncate(this.#next)
    await this.storage.flush()
    await this.storage.write(0, this.#header(DIRECTORY_AT_END))
    await this.storage.flush()
  }

  #placePacked(offset: number, packedLength: number): number {
    if (offset < this.#position || offset % GRAIN_SIZE !== 0)
      throw new SpindleError('internal', `guest offset ${offset} was placed after ${this.#position}`)
    this.#position = offset + GRAIN_SIZE
    const index = Math.floor(offset / TABLE_SPAN)
    if (this.#table?.index !== index) {
      this.#endTable()
      this.#table = { index, entries: new Float64Array(TABLE_ENTRIES) }
    }
    const host = this.#next
    this.#next += roundUp(GRAIN_MARKER.size + packedLength, SECTOR)
    if (this.#next > LARGEST_FILE)
      throw new SpindleError(
        'no-space',
        `${this.storage.name} would become larger than 2 TiB, the most that one file of this kind can hold. Choose another format.`,
        { path: this.storage.name },
      )
    this.#table.entries[(offset % TABLE_SPAN) / GRAIN_SIZE] = host
    const marker = GRAIN_MARKER.encode({ sector: offset / SECTOR, length: packedLength })
    this.#pending.push({ offset: host, bytes: marker })
    return host + GRAIN_MARKER.size
  }

  #endTable(): void {
    if (!this.#table) return
    const { index, entries } = this.#table
    this.#directory[index] = this.#append(MARKER.grainTable, encodeTable(entries))
    this.#table = undefined
  }

  /** A marker and what it announces, which is where this leads. */
  #append(kind: number, content: Uint8Array): number {
    const length = roundUp(content.length, SECTOR)
    const marker = METADATA_MARKER.encode({ sectors: length / SECTOR, length: 0, kind })
    const offset = this.#next + SECTOR
    this.#pending.push({ offset: this.#next, bytes: marker })
    if (length > 0) this.#pending.push({ offset, bytes: content })
    this.#next = offset + length
    return offset
  }

  #header(directory: bigint): Uint8Array {
    return SPARSE_HEADER.encode({
      magic: SPARSE_MAGIC,
      version: 3,
      flags: FLAG.newlines | FLAG.compressed | FLAG.markers,
      capacity: BigInt(this.#design.virtualSize / SECTOR),
      grain_size: BigInt(GRAIN_SIZE / SECTOR),
      descriptor_offset: 1,
      descriptor_size: DESCRIPTOR_SECTORS,
      entries_per_table: TABLE_ENTRIES,
      redundant_directory: 0n,
      directory,
      overhead: BigInt(GRAIN_SIZE / SECTOR),
      unclean_shutdown: 0,
      newlines: NEWLINES,
      compression: COMPRESSION_DEFLATE,
    })
  }
}
