// Building a VDI image front to back: data in guest order behind the map, pages of the map as they are complete, header last.

import type { ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { newHeader } from './header.ts'
import { ENTRY_SIZE } from './layout.ts'
import type { Design } from './options.ts'

const PAGE_SIZE = MiB
const ENTRIES = PAGE_SIZE / ENTRY_SIZE

export class VdiBuilder implements ImageBuilder {
  readonly blockSize: number
  readonly storage: Storage
  readonly #design: Design
  /** Pages that hold entries and are not written yet, by number. */
  readonly #pages = new Map<number, DataView>()
  readonly #written = new Set<number>()
  /** Blocks placed so far. */
  #count = 0
  /** Guest bytes before this are placed. */
  #position = 0

  private constructor(storage: Storage, design: Design) {
    this.storage = storage
    this.#design = design
    this.blockSize = design.blockSize
  }

  static async start(storage: Storage, design: Design): Promise<VdiBuilder> {
    const { fixed, dataOffset, blocks, blockSize } = design
    if (fixed) await storage.allocate(dataOffset, blocks * blockSize)
    return new VdiBuilder(storage, design)
  }

  place(offset: number, length: number): number {
    const { dataOffset, fixed, blockSize } = this.#design
    if (offset < this.#position || offset % blockSize !== 0)
      throw new SpindleError('internal', `guest offset ${offset} was placed after ${this.#position}`)
    this.#position = offset + length
    if (fixed) return dataOffset + offset
    const host = dataOffset + this.#count * blockSize
    const first = offset / blockSize
    const end = Math.ceil((offset + length) / blockSize)
    for (let block = first; block < end; block += 1) {
      this.#page(block).setUint32((block % ENTRIES) * ENTRY_SIZE, this.#count, true)
      this.#count += 1
    }
    return host
  }

  placeZero(): void {}

  async drain(): Promise<void> {
    const current = Math.floor(this.#position / this.blockSize / ENTRIES)
    for (const [number, page] of this.#pages) if (number < current) await this.#write(number, page)
  }

  async finish(): Promise<void> {
    const { storage } = this
    const { blocks, blockSize, dataOffset, fixed } = this.#design
    const allocated = fixed ? blocks : this.#count
    const pages = Math.ceil(blocks / ENTRIES)
    for (let number = 0; number < pages; number += 1)
      if (!this.#written.has(number)) await this.#write(number, this.#pages.get(number) ?? this.#untouched(number))
    await storage.truncate(dataOffset + allocated * blockSize)
    await storage.flush()
    await storage.write(0, newHeader({ ...this.#design, allocated }))
    await storage.flush()
  }

  #page(block: number): DataView {
    const number = Math.floor(block / ENTRIES)
    const known = this.#pages.get(number)
    if (known) return known
    const page = this.#untouched(number)
    this.#pages.set(number, page)
    return page
  }

  /** Of blocks that were not placed: without a place, or where a fixed image has them. */
  #untouched(number: number): DataView {
    const page = new DataView(new Uint8Array(PAGE_SIZE).fill(0xff).buffer)
    if (!this.#design.fixed) return page
    for (let index = 0; index < ENTRIES; index += 1) page.setUint32(index * ENTRY_SIZE, number * ENTRIES + index, true)
    return page
  }

  /** Nothing of it but what belongs to the map. */
  async #write(number: number, page: DataView): Promise<void> {
    const { blocks, mapOffset } = this.#design
    const length = Math.min(PAGE_SIZE, (blocks - number * ENTRIES) * ENTRY_SIZE)
    await this.storage.write(mapOffset + number * PAGE_SIZE, new Uint8Array(page.buffer, 0, length))
    this.#pages.delete(number)
    this.#written.add(number)
  }
}
