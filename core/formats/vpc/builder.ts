// Building a dynamic image front to back: room for its headers and its table, the blocks, and the copy of the footer last.

import type { ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { HEADER_OFFSET, TABLE_OFFSET, blockCount, tableSize } from './block-room.ts'
import { encodeFooter } from './footer.ts'
import { ENTRY_SIZE, SECTOR, UNALLOCATED } from './layout.ts'
import { newDynamicHeader, newFooter } from './new-footer.ts'
import { bitmapSizeOf } from './open.ts'
import type { Design } from './options.ts'

export class DynamicBuilder implements ImageBuilder {
  readonly blockSize: number
  readonly placesSingly = true
  readonly storage: Storage
  readonly #design: Design
  readonly #bitmapSize: number
  readonly #table: DataView
  readonly #firstBlock: number
  /** Where the next block goes. */
  #end: number
  /** Blocks before this one have their bitmap in the file. */
  #marked: number
  /** Guest bytes before this are placed. */
  #position = 0

  constructor(storage: Storage, design: Design) {
    this.storage = storage
    this.#design = design
    this.blockSize = design.blockSize
    this.#bitmapSize = bitmapSizeOf(design.blockSize)
    const entries = blockCount(design)
    this.#table = new DataView(new Uint8Array(tableSize(entries)).fill(0xff).buffer)
    this.#firstBlock = TABLE_OFFSET + tableSize(entries)
    this.#end = this.#firstBlock
    this.#marked = this.#firstBlock
  }

  place(offset: number, length: number): number {
    if (offset < this.#position || offset % this.blockSize !== 0 || length > this.blockSize)
      throw new SpindleError(
        'internal',
        `guest bytes ${offset} to ${offset + length} were placed after ${this.#position}`,
      )
    this.#position = offset + length
    const start = this.#end
    if (start / SECTOR >= UNALLOCATED)
      throw new SpindleError('unsupported', 'A VHD file can be 2 TiB large at most, and this disk holds more data.')
    this.#table.setUint32((offset / this.blockSize) * ENTRY_SIZE, start / SECTOR)
    this.#end += this.#bitmapSize + this.blockSize
    return start + this.#bitmapSize
  }

  // There is nothing below that could shine through.
  placeZero(): void {}

  async drain(): Promise<void> {
    const all = new Uint8Array(this.#bitmapSize).fill(0xff)
    for (; this.#marked < this.#end; this.#marked += this.#bitmapSize + this.blockSize)
      await this.storage.write(this.#marked, all)
  }

  async finish(): Promise<void> {
    const { storage } = this
    const entries = blockCount(this.#design)
    const footer = encodeFooter(newFooter(this.#design))
    await this.drain()
    await storage.write(TABLE_OFFSET, new Uint8Array(this.#table.buffer))
    await storage.write(HEADER_OFFSET, newDynamicHeader({ offset: TABLE_OFFSET, entries, blockSize: this.blockSize }))
    await storage.write(this.#end, footer)
    await storage.flush()
    await storage.write(0, footer)
    await storage.flush()
  }
}
