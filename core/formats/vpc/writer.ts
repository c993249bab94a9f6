// Writing into an open dynamic or differencing image.

import type { LayerWriter, Room } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { roundUp } from '../../model/units.ts'
import { hasSector, runEnd, setSectors } from './bitmap.ts'
import { encodeFooter } from './footer.ts'
import { isAllocated } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { SECTOR, UNALLOCATED } from './layout.ts'
import type { FooterFields } from './layout.ts'

/** Guest bytes of one request that lie in one block. */
interface Span {
  readonly block: number
  readonly end: number
  /** Of the first byte and behind the last one, counted from the start of the block. */
  readonly sector: number
  readonly endSector: number
}

export class BlockWriter implements LayerWriter {
  readonly #file: ImageFile
  readonly #footer: Uint8Array
  /** Something was written since the last flush. */
  #touched = false
  /** Where a block was given out that nothing leads to yet. */
  #open: number | undefined

  constructor(file: ImageFile, footer: FooterFields) {
    this.#file = file
    this.#footer = encodeFooter(footer)
  }

  async reserve(offset: number, length: number): Promise<Room> {
    this.#touched = true
    const { storage } = this.#file
    const span = this.#span(offset, length)
    const entry = await this.#file.entry(span.block)
    if (!isAllocated(entry)) return this.#newRoom(span)
    const start = this.#file.placeOf(span.block, entry)
    const bitmap = await this.#file.bitmap(start)
    const stop = runEnd(bitmap.bytes, span.sector, span.endSector)
    if (!hasSector(bitmap.bytes, span.sector)) return this.#room(start, { ...span, endSector: stop }, async () => {})
    const end = Math.min(span.end, this.#guestOf(span.block, stop))
    const place = { start: offset, length: end - offset, storage, offset: this.#hostOf(start, span.block, offset) }
    return { ...place, linked: true, link: async () => {} }
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    return this.#clear(offset, length, unmap)
  }

  async discard(offset: number, length: number): Promise<number> {
    const handled = await this.#clear(offset, length, true)
    // Where the parent shows through it goes on doing so.
    return handled > 0 ? handled : this.#span(offset, length).end - offset
  }

  async flush(): Promise<void> {
    if (!this.#touched) return
    const { storage } = this.#file
    await storage.flush()
    if (this.#file.changed) {
      await this.#file.writeBack()
      await storage.flush()
    }
    this.#touched = false
  }

  /** What is here becomes zeros in its place: a block, once taken, is kept. */
  async #clear(offset: number, length: number, unmap: boolean): Promise<number> {
    const { blocks, storage } = this.#file
    const span = this.#span(offset, length)
    const entry = await this.#file.entry(span.block)
    if (!isAllocated(entry)) return blocks.backing ? 0 : span.end - offset
    const start = this.#file.placeOf(span.block, entry)
    let { end } = span
    if (blocks.backing) {
      const { bytes: bits } = await this.#file.bitmap(start)
      if (!hasSector(bits, span.sector)) return 0
      end = Math.min(end, this.#guestOf(span.block, runEnd(bits, span.sector, span.endSector)))
    }
    this.#touched = true
    const place = this.#hostOf(start, span.block, offset)
    if (unmap) await storage.discard(place, end - offset)
    else await storage.zero(place, end - offset)
    return end - offset
  }

  async #newRoom(span: Span): Promise<Room> {
    const start = this.#open === undefined ? await this.#append() : await this.#reuse(this.#open)
    this.#open = start
    return this.#room(start, span, async () => {
      await this.#file.setEntry(span.block, start / SECTOR)
      this.#open = undefined
    })
  }

  /** Whole sectors of a block that are not marked as being here; `enter` is done before they are. */
  #room(start: number, { block, sector, endSector }: Span, enter: () => Promise<void>): Room {
    const file = this.#file
    const guest = this.#guestOf(block, sector)
    return {
      start: guest,
      length: this.#guestOf(block, endSector) - guest,
      storage: file.storage,
      offset: this.#hostOf(start, block, guest),
      linked: false,
      link: async () => {
        await enter()
        const bitmap = await file.bitmap(start)
        if (runEnd(bitmap.bytes, sector, endSector) === endSector && hasSector(bitmap.bytes, sector)) return
        setSectors(bitmap.bytes, sector, endSector)
        file.changeBitmap(bitmap, Math.floor(sector / 8), Math.ceil(endSector / 8) - Math.floor(sector / 8))
      },
    }
  }

  /**
   * A block at the end of the file. The footer is moved out of its way first, and for good: at every moment there is one
   * at the end. Behind the bitmap, which covers where the footer was, nothing was ever written.
   */
  async #append(): Promise<number> {
    const { blocks, storage } = this.#file
    const start = roundUp(this.#file.end, SECTOR)
    const end = start + blocks.bitmapSize + blocks.blockSize
    if (start / SECTOR >= UNALLOCATED)
      throw new SpindleError(
        'unsupported',
        `${storage.name} is as large as a VHD file can be, 2 TiB, so nothing more fits into it. Nothing was changed. Convert it to VHDX.`,
        { path: storage.name },
      )
    try {
      await storage.write(end, this.#footer)
      await storage.flush()
    } catch (error) {
      // Half a footer at the end would be none.
      await storage.truncate(this.#file.size)
      throw error
    }
    this.#file.size = end + SECTOR
    await this.#writeBitmap(start)
    this.#file.end = end
    return start
  }

  /** Filling it must have failed. */
  async #reuse(start: number): Promise<number> {
    const { blocks, storage } = this.#file
    await storage.zero(start + blocks.bitmapSize, blocks.blockSize)
    return start
  }

  /** Of a dynamic disk all sectors are here; of a differencing disk none is yet. */
  async #writeBitmap(start: number): Promise<void> {
    const { blocks, storage } = this.#file
    await storage.write(start, new Uint8Array(blocks.bitmapSize).fill(blocks.backing ? 0 : 0xff))
  }

  #span(offset: number, length: number): Span {
    const { blocks, virtualSize } = this.#file
    const block = Math.floor(offset / blocks.blockSize)
    const start = block * blocks.blockSize
    const end = Math.min(offset + length, start + blocks.blockSize, virtualSize)
    const sector = Math.floor((offset - start) / SECTOR)
    return { block, end, sector, endSector: Math.ceil((end - start) / SECTOR) }
  }

  #guestOf(block: number, sector: number): number {
    return block * this.#file.blocks.blockSize + sector * SECTOR
  }

  #hostOf(start: number, block: number, guest: number): number {
    const { blockSize, bitmapSize } = this.#file.blocks
    return start + bitmapSize + (guest - block * blockSize)
  }
}
