// An open VDI image.

import { walkBlocks } from '../../image/block-walk.ts'
import type { BlockPlace } from '../../image/block-walk.ts'
import type { ImageLayer } from '../../image/driver.ts'
import { ExtentList } from '../../image/extent-list.ts'
import type { Extent } from '../../image/extent.ts'
import type { Resizer } from '../../image/facets.ts'
import type { Table } from '../../image/table-cache.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { hasParent } from './header.ts'
import { FREE } from './layout.ts'
import type { VdiResizer } from './resizer.ts'
import { uuidText } from './uuid.ts'
import { ENTRIES_PER_PAGE } from './vdi-file.ts'
import type { VdiFile } from './vdi-file.ts'
import type { VdiWriter } from './writer.ts'

/** Pages of small or scattered blocks are answered for together, up to about as many extents. */
const EXTENTS_PER_ANSWER = 8192

export interface VdiWriting {
  readonly writer?: VdiWriter
  readonly resizer?: VdiResizer
  readonly unwritable?: ErrorData
}

export class VdiLayer implements ImageLayer {
  readonly format = 'vdi'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly identity: string
  readonly backing?: BackingRef
  readonly writer?: VdiWriter
  readonly resizer?: Resizer
  readonly unwritable?: ErrorData
  readonly #file: VdiFile

  constructor(file: VdiFile, { writer, resizer, unwritable }: VdiWriting) {
    const { block_size, uuid_image, uuid_link } = file.header
    this.storage = file.storage
    this.virtualSize = file.virtualSize
    this.blockSize = block_size
    this.identity = uuidText(uuid_image)
    if (hasParent(file.header)) {
      const parent = uuidText(uuid_link)
      this.backing = { path: `uuid:${parent}`, identity: parent }
    }
    if (writer) this.writer = writer
    if (resizer) this.resizer = resizer
    if (unwritable) this.unwritable = unwritable
    this.#file = file
  }

  async describe(): Promise<Details> {
    return { clusterSize: this.blockSize }
  }

  /** What comes before a damaged entry is answered; asking for the entry itself throws. */
  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const { blockSize } = this
    const end = offset + length
    const extents = new ExtentList()
    try {
      for (let position = offset; position < end && extents.count < EXTENTS_PER_ANSWER;) {
        const block = Math.floor(position / blockSize)
        const page = await this.#file.page(block)
        const pageEnd = (Math.floor(block / ENTRIES_PER_PAGE) + 1) * ENTRIES_PER_PAGE * blockSize
        const to = Math.min(end, pageEnd)
        walkBlocks(extents, { from: position, to, blockSize }, (one) => this.#place(page, one))
        position = to
      }
    } catch (error) {
      if (extents.isEmpty || !(error instanceof SpindleError)) throw error
    }
    return extents.toArray()
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #place(page: Table, block: number): BlockPlace {
    const { storage } = this
    const offset = this.#file.host(page, block)
    if (offset !== undefined) return { kind: 'data', storage, offset }
    return { kind: this.backing && this.#file.entry(page, block) === FREE ? 'hole' : 'zero' }
  }
}
