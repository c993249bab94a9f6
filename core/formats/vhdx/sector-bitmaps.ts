// The bitmaps of a differencing image, which say sector by sector what is here and what is the parent's.

import { TableCache } from '../../image/table-cache.ts'
import type { Table } from '../../image/table-cache.ts'
import { MiB, roundDown } from '../../model/units.ts'
import type { ImageFile } from './image-file.ts'
import { LOG_SECTOR } from './layout.ts'

const BITS = 8
const MEMORY = 4 * MiB

/** Pieces of one page, in order. */
interface Span {
  readonly page: Table
  /** In the page, in bits. */
  readonly from: number
  readonly to: number
}

export class SectorBitmaps {
  readonly #file: ImageFile
  readonly #pages: TableCache

  constructor(file: ImageFile) {
    this.#file = file
    this.#pages = new TableCache(file.content, LOG_SECTOR, MEMORY)
  }

  /** Pages that differ from what is on disk. */
  get changedPages(): readonly Table[] {
    return this.#pages.changedTables
  }

  get changedPageCount(): number {
    return this.#pages.changedBytes / LOG_SECTOR
  }

  /** For each of `count` sectors of a block, whether it is here. Throws `invalid-image` when there is no bitmap. */
  async read(block: number, first: number, count: number): Promise<readonly boolean[]> {
    const answer: boolean[] = []
    for await (const { page, from, to } of this.#spans(block, first, count))
      for (let bit = from; bit < to; bit += 1)
        answer.push(((page.bytes[Math.floor(bit / BITS)] ?? 0) & (1 << (bit % BITS))) !== 0)
    return answer
  }

  /** In memory, until the pages are written: these sectors of the block are here, or not. */
  async set(block: number, first: number, count: number, isHere: boolean): Promise<void> {
    for await (const { page, from, to } of this.#spans(block, first, count)) {
      for (let bit = from; bit < to; bit += 1) {
        const at = Math.floor(bit / BITS)
        const mask = 1 << (bit % BITS)
        page.bytes[at] = isHere ? (page.bytes[at] ?? 0) | mask : (page.bytes[at] ?? 0) & ~mask
      }
      const start = Math.floor(from / BITS)
      this.#pages.change(page, start, Math.ceil(to / BITS) - start)
    }
  }

  /** Writes the changed pages in their places. */
  async writeBack(): Promise<void> {
    await this.#pages.writeBack()
  }

  async *#spans(block: number, first: number, count: number): AsyncGenerator<Span> {
    const { blockSize, sectorSize, chunkRatio } = this.#file.geometry
    const bitmap = await this.#file.bitmapOffset(block)
    const start = (block % chunkRatio) * (blockSize / sectorSize) + first
    for (let bit = start; bit < start + count;) {
      const inBitmap = roundDown(bit, LOG_SECTOR * BITS)
      const to = Math.min(start + count, inBitmap + LOG_SECTOR * BITS)
      const page = await this.#pages.load(bitmap + inBitmap / BITS)
      yield { page, from: bit - inBitmap, to: to - inBitmap }
      bit = to
    }
  }
}
