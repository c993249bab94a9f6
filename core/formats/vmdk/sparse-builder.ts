// Building sparse VMDKs, in one file or in pieces: grains in guest order, tables in front of them, descriptor and header last.

import type { ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { JoinedStorage } from '../../storage/joined.ts'
import type { Storage } from '../../storage/storage.ts'
import type { BuiltSlice } from './builder.ts'
import { ExtentWriter } from './extent-writer.ts'
import { sparseLayout } from './geometry.ts'
import { GRAIN_SIZE, SECTOR } from './layout.ts'
import type { Design } from './options.ts'

interface Extent {
  readonly start: number
  readonly end: number
  readonly writer: ExtentWriter
}

export class SparseBuilder implements ImageBuilder {
  readonly blockSize = GRAIN_SIZE
  readonly storage: Storage
  readonly #file: Storage
  readonly #joined: JoinedStorage | undefined
  readonly #design: Design
  readonly #extents: readonly Extent[]
  readonly #descriptor: Uint8Array
  /** Guest bytes before this are placed. */
  #position = 0
  /** The extent that guest offset is in. */
  #current = 0
  #joinedTo = -1

  private constructor(file: Storage, design: Design, slices: readonly BuiltSlice[], descriptor: Uint8Array) {
    this.#file = file
    this.#design = design
    this.#descriptor = descriptor
    this.#extents = slices.map(({ start, length, storage }) => ({
      start,
      end: start + length,
      writer: new ExtentWriter(storage, sparseLayout(length), design.zeroGrains),
    }))
    const [only, ...others] = slices
    if (only && others.length === 0) this.storage = only.storage
    else this.storage = this.#joined = new JoinedStorage(file.name)
  }

  static async start(
    file: Storage,
    design: Design,
    slices: readonly BuiltSlice[],
    descriptor: Uint8Array,
  ): Promise<SparseBuilder> {
    const builder = new SparseBuilder(file, design, slices, descriptor)
    for (const { writer } of builder.#extents) await writer.storage.truncate(writer.layout.overhead)
    return builder
  }

  place(offset: number, length: number): number {
    let place: number | undefined
    this.#advance(offset, length, (extent, first, count) => {
      const host = this.#join(extent, extent.writer.place(first, count), count)
      place ??= host
    })
    return place ?? 0
  }

  placeZero(offset: number, length: number): void {
    const { backing, zeroGrains } = this.#design
    if (!backing) return
    this.#advance(offset, length, (extent, first, count) => {
      if (zeroGrains) extent.writer.placeZeros(first, count)
      // A grain that is never written reads as zeros, too.
      else this.#join(extent, extent.writer.place(first, count), count)
    })
  }

  async drain(): Promise<void> {
    for (const { start, writer } of this.#extents.slice(0, this.#current + 1))
      await writer.drain(Math.floor((this.#position - start) / GRAIN_SIZE))
  }

  async finish(): Promise<void> {
    for (const { writer } of this.#extents) await writer.finish()
    const [only, ...others] = this.#extents
    const isOneFile = only && others.length === 0 && only.writer.storage === this.#file
    if (isOneFile) {
      await this.#file.write(SECTOR, this.#descriptor)
      await this.#file.flush()
    }
    for (const { writer } of this.#extents) await writer.writeHeader()
    if (!isOneFile) await this.#file.write(0, this.#descriptor)
    await this.#file.flush()
  }

  /** Cuts the range at the borders of extents, in grains of each. */
  #advance(offset: number, length: number, take: (extent: Extent, first: number, count: number) => void): void {
    if (offset < this.#position || offset % GRAIN_SIZE !== 0)
      throw new SpindleError('internal', `guest offset ${offset} was placed after ${this.#position}`)
    this.#position = offset + length
    for (let position = offset; position < offset + length;) {
      let extent = this.#extents[this.#current]
      while (extent && extent.end <= position) extent = this.#extents[(this.#current += 1)]
      if (!extent) throw new SpindleError('internal', `guest offset ${position} is past the end of the disk`)
      const end = Math.min(offset + length, extent.end)
      take(extent, (position - extent.start) / GRAIN_SIZE, Math.ceil((end - position) / GRAIN_SIZE))
      position = end
    }
  }

  /** Where in the joined storage the grains are: each file is a stretch of it, as its grains lie together. */
  #join({ writer }: Extent, host: number, count: number): number {
    const joined = this.#joined
    if (!joined) return host
    if (this.#joinedTo !== this.#current) joined.append(writer.storage, host)
    this.#joinedTo = this.#current
    return joined.extend(count * GRAIN_SIZE)
  }
}
