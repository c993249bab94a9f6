// An open qcow2 image.

import type { ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { detailsOf } from './describe.ts'
import type { ImageFile } from './image-file.ts'
import { Mapping } from './mapping.ts'
import type { Opened } from './open.ts'
import { readSnapshots } from './snapshots.ts'

export class Qcow2Layer implements ImageLayer {
  readonly format = 'qcow2'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly backing?: BackingRef
  readonly unreadable?: ErrorData
  readonly unwritable?: ErrorData
  readonly writer?: LayerWriter
  readonly #file: ImageFile
  readonly #opened: Opened
  readonly #mapping: Mapping

  constructor(
    file: ImageFile,
    opened: Opened,
    writing: { readonly writer?: LayerWriter; readonly unwritable?: ErrorData },
  ) {
    this.storage = file.storage
    this.virtualSize = file.geometry.virtualSize
    this.blockSize = file.geometry.subclusterSize
    if (opened.backing) this.backing = opened.backing
    if (opened.unreadable) this.unreadable = opened.unreadable
    if (writing.writer) this.writer = writing.writer
    if (writing.unwritable) this.unwritable = writing.unwritable
    this.#file = file
    this.#opened = opened
    this.#mapping = new Mapping(file)
  }

  async describe(): Promise<Details> {
    return detailsOf(this.#opened, await readSnapshots(this.storage, this.#opened.header))
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (this.unreadable) throw SpindleError.fromData(this.unreadable)
    return this.#mapping.map(offset, length)
  }

  async close(): Promise<void> {
    try {
      if (this.#file.dataStorage !== this.storage) await this.#file.dataStorage.close()
    } finally {
      await this.storage.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
