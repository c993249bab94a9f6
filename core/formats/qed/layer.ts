// An open QED image.

import { walkBlocks } from '../../image/block-walk.ts'
import type { BlockPlace } from '../../image/block-walk.ts'
import type { ImageLayer } from '../../image/driver.ts'
import { ExtentList } from '../../image/extent-list.ts'
import type { Extent } from '../../image/extent.ts'
import type { BackingLink, Resizer } from '../../image/facets.ts'
import type { Table } from '../../image/table-cache.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import { roundDown } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { FEATURE, ZERO } from './layout.ts'
import type { QedFile } from './qed-file.ts'
import type { QedWriter } from './writer.ts'

/** Small tables are answered for together, up to about as many extents, or as many tables. */
const EXTENTS_PER_ANSWER = 8192
const TABLES_PER_ANSWER = 8192

export interface QedWriting {
  readonly writer?: QedWriter
  readonly resizer?: Resizer
  readonly backingLink?: BackingLink
  readonly unwritable?: ErrorData
}

export class QedLayer implements ImageLayer {
  readonly format = 'qed'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly backing?: BackingRef
  readonly writer?: QedWriter
  readonly resizer?: Resizer
  readonly backingLink?: BackingLink
  readonly unwritable?: ErrorData
  readonly #file: QedFile

  constructor(file: QedFile, backing: BackingRef | undefined, writing: QedWriting) {
    this.storage = file.storage
    this.virtualSize = file.virtualSize
    this.blockSize = file.geometry.clusterSize
    if (backing) this.backing = backing
    if (writing.writer) this.writer = writing.writer
    if (writing.resizer) this.resizer = writing.resizer
    if (writing.backingLink) this.backingLink = writing.backingLink
    if (writing.unwritable) this.unwritable = writing.unwritable
    this.#file = file
  }

  async describe(): Promise<Details> {
    const dirty = (this.#file.header.features & FEATURE.needCheck) !== 0n
    return { clusterSize: this.blockSize, ...(dirty && { dirty }) }
  }

  /** What comes before a damaged entry is answered; asking for the entry itself throws. */
  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const file = this.#file
    const { clusterSize, entriesPerTable, tableSpan } = file.geometry
    const end = offset + length
    const extents = new ExtentList()
    try {
      let tables = 0
      for (let position = offset; position < end && extents.count < EXTENTS_PER_ANSWER; tables += 1) {
        if (tables >= TABLES_PER_ANSWER) break
        const index = Math.floor(position / tableSpan)
        const table = await file.tableAt(index)
        if (table === undefined) {
          const to = Math.min(end, (index + 1) * tableSpan)
          extents.add({ kind: 'hole', length: to - position })
          position = to
          continue
        }
        const cluster = Math.floor(position / clusterSize)
        const page = await file.page(file.l2Pages, table, cluster % entriesPerTable)
        const to = Math.min(end, (roundDown(cluster, file.entriesPerPage) + file.entriesPerPage) * clusterSize)
        walkBlocks(extents, { from: position, to, blockSize: clusterSize }, (one) => this.#place(page, one))
        position = to
      }
    } catch (error) {
      if (extents.isEmpty || !(error instanceof SpindleError)) throw error
    }
    return extents.toArray()
  }

  async close(): Promise<void> {
    try {
      await this.writer?.finish()
    } finally {
      await this.storage.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #place(page: Table, cluster: number): BlockPlace {
    const { storage } = this
    const offset = this.#file.host(page, cluster)
    if (offset !== undefined) return { kind: 'data', storage, offset }
    const index = cluster % this.#file.geometry.entriesPerTable
    return { kind: this.#file.entry(page, index) === ZERO ? 'zero' : 'hole' }
  }
}
