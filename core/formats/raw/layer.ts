// An open raw image: guest offset and file offset are the same.

import type { Access, ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { Resizer } from '../../image/facets.ts'
import type { Extent } from '../../image/extent.ts'
import { PlainWriter } from '../../image/plain-writer.ts'
import type { Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { RawResizer } from './resizer.ts'

export class RawLayer implements ImageLayer {
  readonly format = 'raw'
  readonly blockSize = 1
  readonly storage: Storage
  readonly virtualSize: number
  readonly writer?: LayerWriter
  readonly resizer?: Resizer

  constructor(storage: Storage, virtualSize: number, access: Access) {
    this.storage = storage
    this.virtualSize = virtualSize
    if (access !== 'write') return
    this.writer = new PlainWriter(storage, virtualSize)
    this.resizer = new RawResizer(storage)
  }

  async describe(): Promise<Details> {
    return {}
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const segment = await this.storage.segment(offset)
    const known = Math.min(length, segment.length)
    const { storage } = this
    // A hole in a raw file is a place of the disk that holds zeros, not a place that is missing.
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
