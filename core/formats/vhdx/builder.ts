// Building a VHDX image front to back: blocks in guest order behind the tables, and what makes it an image last.

import type { ImageBuilder } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { KiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeEntry } from './bat.ts'
import { blockIndex, blockOfIndex, entryCount } from './geometry.ts'
import { BAT_ENTRY_SIZE, BLOCK, HEADER_OFFSETS, REGION_TABLE_OFFSETS } from './layout.ts'
import { encodeFileIdentifier, encodeNewHeaders, encodeNewMetadata, encodeNewRegions } from './new-metadata.ts'
import type { Design } from './options.ts'

/** Blocks are large; zeros inside of them are found and left out in pieces of this many bytes. */
const GRANULE = 64 * KiB
/** Entries that are written in one piece. */
const WINDOW = 64 * KiB

export class VhdxBuilder implements ImageBuilder {
  readonly blockSize = GRANULE
  readonly storage: Storage
  readonly #design: Design
  /** Finished windows of the table of blocks, yet to be written; all before `#first` are. */
  readonly #windows: { readonly first: number; readonly entries: BigUint64Array }[] = []
  /** The window that is being filled. */
  #entries: BigUint64Array
  #first = 0
  /** Windows before this entry are written, or wait in `#windows`. */
  #written = 0
  /** The block placed last, and where the next one goes. */
  #lastBlock = -1
  #lastPlace = 0
  #frontier: number
  /** Guest bytes before this are placed. */
  #position = 0

  constructor(storage: Storage, design: Design) {
    this.storage = storage
    this.#design = design
    this.#frontier = design.dataStart
    this.#entries = this.#blankEntries(0)
  }

  /** Blocks that follow each other are placed behind each other, so a range lies together however many it touches. */
  place(offset: number, length: number): number {
    const { blockSize, isFixed } = this.#design.geometry
    this.#advance(offset, length)
    if (isFixed) return this.#design.dataStart + offset
    const first = Math.floor(offset / blockSize)
    const last = Math.floor((offset + length - 1) / blockSize)
    for (let block = Math.max(first, this.#lastBlock + 1); block <= last; block += 1) {
      this.#lastBlock = block
      this.#lastPlace = this.#frontier
      this.#frontier += blockSize
      this.#set(blockIndex(this.#design.geometry, block), encodeEntry(BLOCK.present, this.#lastPlace))
    }
    return this.#lastPlace - (last - first) * blockSize + (offset - first * blockSize)
  }

  /** What is not placed reads as zeros. */
  placeZero(offset: number, length: number): void {
    this.#advance(offset, length)
  }

  async drain(): Promise<void> {
    for (const { first, entries } of this.#windows.splice(0)) {
      await this.#writeBlank(first)
      await this.#writeWindow(first, entries)
    }
  }

  async finish(): Promise<void> {
    const { geometry, metadata, dataStart } = this.#design
    const { storage } = this
    await this.drain()
    if (this.#first < entryCount(geometry)) {
      await this.#writeBlank(this.#first)
      await this.#writeWindow(this.#first, this.#entries)
    }
    await this.#writeBlank(entryCount(geometry))
    const end = geometry.isFixed ? dataStart + geometry.blockCount * geometry.blockSize : this.#frontier
    if ((await storage.size()) < end) await storage.truncate(end)
    await storage.write(metadata.offset, encodeNewMetadata(this.#design))
    const regions = encodeNewRegions(this.#design)
    for (const offset of REGION_TABLE_OFFSETS) await storage.write(offset, regions)
    const headers = encodeNewHeaders(this.#design)
    await storage.write(HEADER_OFFSETS[0], headers[0])
    await storage.write(HEADER_OFFSETS[1], headers[1])
    await storage.flush()
    await storage.write(0, encodeFileIdentifier())
    await storage.flush()
  }

  #advance(offset: number, length: number): void {
    if (offset < this.#position)
      throw new SpindleError('internal', `guest offset ${offset} was placed after ${this.#position}`)
    this.#position = offset + length
  }

  #set(index: number, entry: bigint): void {
    if (index >= this.#first + WINDOW) {
      this.#windows.push({ first: this.#first, entries: this.#entries })
      this.#first = Math.floor(index / WINDOW) * WINDOW
      this.#entries = this.#blankEntries(this.#first)
    }
    this.#entries[index - this.#first] = entry
  }

  /** Writes what no block was placed in, up to the window that starts with entry `end`. */
  async #writeBlank(end: number): Promise<void> {
    const { geometry, blockState } = this.#design
    const isBlank = blockState === 'notPresent' && !geometry.isFixed
    if (!isBlank) {
      for (let first = this.#written; first < end; first += WINDOW)
        await this.#writeWindow(first, this.#blankEntries(first))
    }
    this.#written = Math.max(this.#written, end)
  }

  async #writeWindow(first: number, entries: BigUint64Array): Promise<void> {
    const bytes = new Uint8Array(entries.length * BAT_ENTRY_SIZE)
    const view = new DataView(bytes.buffer)
    for (const [index, entry] of entries.entries()) view.setBigUint64(index * BAT_ENTRY_SIZE, entry, true)
    await this.storage.write(this.#design.bat.offset + first * BAT_ENTRY_SIZE, bytes)
    this.#written = first + WINDOW
  }

  /** A window of entries as they are before anything is placed. */
  #blankEntries(first: number): BigUint64Array {
    const { geometry, blockState, dataStart } = this.#design
    const entries = new BigUint64Array(Math.max(0, Math.min(WINDOW, entryCount(geometry) - first)))
    for (let index = 0; index < entries.length; index += 1) {
      const block = blockOfIndex(geometry, first + index)
      if (block === undefined) continue
      entries[index] = geometry.isFixed
        ? encodeEntry(BLOCK.present, dataStart + block * geometry.blockSize)
        : BigInt(BLOCK[blockState])
    }
    return entries
  }
}
