// An open VHDX image.

import type { ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import type { Resizer } from '../../image/facets.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { backingOf } from './parent-locator.ts'
import type { ImageFile } from './image-file.ts'
import { mapImage } from './mapping.ts'
import type { OpenedForAccess } from './open.ts'
import { VhdxResizer } from './resizer.ts'
import { VhdxWriter } from './writer.ts'

export class VhdxLayer implements ImageLayer {
  readonly format = 'vhdx'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly identity: string
  readonly backing?: BackingRef
  readonly unwritable?: ErrorData
  readonly writer?: LayerWriter
  readonly resizer?: Resizer
  readonly #file: ImageFile
  readonly #isDirty: boolean

  constructor({ file, log, unwritable }: OpenedForAccess, how: { readonly writable: boolean }) {
    const { storage, geometry, metadata } = file
    this.storage = storage
    this.virtualSize = geometry.virtualSize
    this.blockSize = geometry.blockSize
    this.identity = file.headers.current.data_write_guid
    this.#file = file
    this.#isDirty = log.kind !== 'empty'
    if (metadata.locator)
      this.backing = backingOf(metadata.locator, { path: storage.name, offset: file.regions.metadata.offset })
    if (unwritable) this.unwritable = unwritable
    if (!how.writable || unwritable) return
    const writer = new VhdxWriter(file)
    this.writer = writer
    this.resizer = new VhdxResizer(file, writer)
  }

  async describe(): Promise<Details> {
    return { clusterSize: this.blockSize, dirty: this.#isDirty }
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    return mapImage(this.#file, offset, length)
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
