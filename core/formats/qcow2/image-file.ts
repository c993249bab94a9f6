// What the parts of one open image share: its files, its header and the tables in memory.

import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { MiB } from '../../model/units.ts'
import { l1Bytes } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import type { HeaderFields } from './layout.ts'
import { Table, TableCache } from './table-cache.ts'

/** Enough for 64 GiB of an image with 64 KiB clusters; a deep chain has one such cache for each layer. */
const L2_MEMORY = 8 * MiB

export class ImageFile {
  readonly storage: Storage
  /** Where guest data is: the same storage, or the external data file. */
  readonly dataStorage: Storage
  readonly header: HeaderFields
  readonly geometry: Geometry
  readonly l2Tables: TableCache
  /** Bytes; grows when clusters past the end are given out, even before they are written. */
  size: number
  #l1: Promise<Table> | undefined

  constructor(
    storage: Storage,
    dataStorage: Storage,
    facts: { readonly header: HeaderFields; readonly geometry: Geometry; readonly size: number },
  ) {
    this.storage = storage
    this.dataStorage = dataStorage
    this.header = facts.header
    this.geometry = facts.geometry
    this.size = facts.size
    this.l2Tables = new TableCache(storage, facts.geometry.clusterSize, L2_MEMORY)
  }

  /** The active L1 table, read when it is first asked for: many images are only described. */
  l1(): Promise<Table> {
    this.#l1 ??= this.#readL1()
    return this.#l1
  }

  async #readL1(): Promise<Table> {
    const { l1_table_offset, l1_size } = this.header
    const bytes = new Uint8Array(l1Bytes(l1_size))
    try {
      await readPadded(this.storage, l1_table_offset, bytes)
    } catch (error) {
      this.#l1 = undefined
      throw error
    }
    return new Table(l1_table_offset, bytes)
  }
}
