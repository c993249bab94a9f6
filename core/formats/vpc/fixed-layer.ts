// An open fixed image: guest offset and file offset are the same, and the footer is behind the disk.

import type { ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import type { Resizer } from '../../image/facets.ts'
import type { ErrorData } from '../../model/error.ts'
import type { Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { detailsOf } from './describe.ts'
import type { Writing } from './layer.ts'
import type { Opened } from './open.ts'

export class FixedLayer implements ImageLayer {
  readonly format = 'vpc'
  readonly blockSize = 1
  readonly storage: Storage
  readonly virtualSize: number
  readonly identity: string
  readonly writer?: LayerWriter
  readonly resizer?: Resizer
  readonly unwritable?: ErrorData
  readonly #opened: Opened

  constructor(storage: Storage, opened: Opened, writing: Writing) {
    this.storage = storage
    this.virtualSize = opened.virtualSize
    this.identity = opened.identity
    if (writing.writer) this.writer = writing.writer
    if (writing.resizer) this.resizer = writing.resizer
    if (writing.unwritable) this.unwritable = writing.unwritable
    this.#opened = opened
  }

  async describe(): Promise<Details> {
    return detailsOf(this.#opened)
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const { storage } = this
    const segment = await storage.segment(offset)
    const known = Math.min(length, segment.length)
    return [
      segment.hole
        ? { kind: 'zero', length: known, storage, offset }
        : { kind: 'data', length: known, storage, offset },
    ]
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
