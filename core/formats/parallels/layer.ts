// An open Parallels image.

import { walkBlocks } from '../../image/block-walk.ts'
import type { BlockPlace } from '../../image/block-walk.ts'
import { damaged } from '../../image/damage.ts'
import type { ImageLayer } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import { ExtentList } from '../../image/extent-list.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { IN_USE } from './layout.ts'
import { placeIn, problemOf, readTable } from './open.ts'
import type { Opened } from './open.ts'

/** Clusters one answer speaks for. */
const CLUSTERS_PER_ANSWER = 16_384

export class ParallelsLayer implements ImageLayer {
  readonly format = 'parallels'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly unreadable?: ErrorData
  readonly unwritable?: ErrorData
  readonly #opened: Opened
  #table: Promise<DataView> | undefined

  constructor(
    storage: Storage,
    opened: Opened,
    limits: { readonly unreadable?: ErrorData; readonly unwritable?: ErrorData },
  ) {
    this.storage = storage
    this.virtualSize = opened.virtualSize
    this.blockSize = opened.clusterSize
    this.#opened = opened
    if (limits.unreadable) this.unreadable = limits.unreadable
    if (limits.unwritable) this.unwritable = limits.unwritable
  }

  async describe(): Promise<Details> {
    const warnings = [
      'It was not closed by the program that wrote it last. A repair looks whether all is in order and takes this mark off.',
    ]
    return this.#opened.header.in_use === IN_USE ? { dirty: true, warnings } : {}
  }

  /** What comes before a damaged cluster is answered; asking for the cluster itself throws. */
  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (this.unreadable) throw SpindleError.fromData(this.unreadable)
    this.#table ??= readTable(this.storage, this.#opened)
    const table = await this.#table
    const blockSize = this.blockSize
    const to = Math.min(offset + length, (Math.floor(offset / blockSize) + CLUSTERS_PER_ANSWER) * blockSize)
    const extents = new ExtentList()
    try {
      walkBlocks(extents, { from: offset, to, blockSize }, (cluster) => this.#placeOf(table, cluster))
    } catch (error) {
      if (extents.isEmpty || !(error instanceof SpindleError)) throw error
    }
    return extents.toArray()
  }

  #placeOf(table: DataView, cluster: number): BlockPlace {
    const { storage, blockSize, virtualSize } = this
    const place = placeIn(table, this.#opened, cluster)
    if (place === 0) return { kind: 'hole' }
    const guest = cluster * blockSize
    const problem = problemOf(this.#opened, place, Math.min(blockSize, virtualSize - guest))
    if (problem === undefined) return { kind: 'data', storage, offset: place }
    throw damaged(
      storage.name,
      `the cluster with the guest’s bytes from ${guest} on would be at offset ${place}, which ${problem}`,
      place,
    )
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
