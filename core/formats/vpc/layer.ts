// An open dynamic or differencing image.

import type { ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import { ExtentList } from '../../image/extent-list.ts'
import type { BackingLink, Resizer } from '../../image/facets.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { hasSector, runEnd } from './bitmap.ts'
import { detailsOf } from './describe.ts'
import { entryIn, isAllocated } from './image-file.ts'
import type { EntryPage, ImageFile } from './image-file.ts'
import { SECTOR } from './layout.ts'
import type { Opened } from './open.ts'

/** Answers stay about as long as a page of the table. */
const MAX_EXTENTS = 4096

export interface Writing {
  readonly writer?: LayerWriter
  readonly resizer?: Resizer
  readonly backingLink?: BackingLink
  readonly unwritable?: ErrorData
}

export class BlockLayer implements ImageLayer {
  readonly format = 'vpc'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly identity: string
  readonly backing?: BackingRef
  readonly writer?: LayerWriter
  readonly resizer?: Resizer
  readonly backingLink?: BackingLink
  readonly unwritable?: ErrorData
  readonly #file: ImageFile
  readonly #opened: Opened

  constructor(file: ImageFile, opened: Opened, writing: Writing) {
    this.storage = file.storage
    this.virtualSize = opened.virtualSize
    this.blockSize = file.blocks.blockSize
    this.identity = opened.identity
    if (file.blocks.backing) this.backing = file.blocks.backing
    if (writing.writer) this.writer = writing.writer
    if (writing.resizer) this.resizer = writing.resizer
    if (writing.backingLink) this.backingLink = writing.backingLink
    if (writing.unwritable) this.unwritable = writing.unwritable
    this.#file = file
    this.#opened = opened
  }

  async describe(): Promise<Details> {
    return detailsOf(this.#opened)
  }

  /** What comes before a damaged block is answered; asking for the block itself throws. */
  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const { blockSize } = this.#file.blocks
    const end = offset + length
    const extents = new ExtentList()
    try {
      for (let position = offset; position < end && extents.count < MAX_EXTENTS;) {
        const page = await this.#file.page(Math.floor(position / blockSize))
        const stop = Math.min(end, page.end * blockSize)
        while (position < stop && extents.count < MAX_EXTENTS)
          position = await this.#addBlock(page, position, stop, extents)
      }
    } catch (error) {
      if (extents.isEmpty || !(error instanceof SpindleError)) throw error
    }
    return extents.toArray()
  }

  /** Returns where the block ends, or `stop`. */
  async #addBlock(page: EntryPage, position: number, stop: number, extents: ExtentList): Promise<number> {
    const { storage, blocks } = this.#file
    const { blockSize, bitmapSize } = blocks
    const block = Math.floor(position / blockSize)
    const entry = entryIn(page, block)
    const end = Math.min(stop, (block + 1) * blockSize)
    if (!isAllocated(entry)) {
      extents.add({ kind: this.backing ? 'hole' : 'zero', length: end - position })
      return end
    }
    const start = this.#file.placeOf(block, entry)
    // Guest bytes and file bytes lie this far apart.
    const shift = start + bitmapSize - block * blockSize
    if (!this.backing) {
      // The bits of a dynamic disk tell nothing the data does not: what was never written is zeros.
      extents.add({ kind: 'data', length: end - position, storage, offset: position + shift })
      return end
    }
    const { bytes: bits } = await this.#file.bitmap(start)
    const first = block * (blockSize / SECTOR)
    for (let at = position; at < end;) {
      const sector = Math.floor(at / SECTOR) - first
      const next = Math.min(end, (first + runEnd(bits, sector, Math.ceil(end / SECTOR) - first)) * SECTOR)
      if (hasSector(bits, sector)) extents.add({ kind: 'data', length: next - at, storage, offset: at + shift })
      else extents.add({ kind: 'hole', length: next - at })
      at = next
    }
    return end
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
