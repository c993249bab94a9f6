// What the parts of one open image share: its files, its header and the tables in memory.

import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { MiB, roundUp } from '../../model/units.ts'
import { damaged } from './damage.ts'
import type { Encryption, GuestData } from './encryption.ts'
import { decodeL1, decodeL2 } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import type { Extensions } from './extensions.ts'
import { l1Bytes } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { writeHeaderFields } from './header.ts'
import { L1_ENTRY_SIZE } from './layout.ts'
import type { HeaderFields } from './layout.ts'
import { Table, TableCache } from '../../image/table-cache.ts'

/** Enough for 64 GiB of an image with 64 KiB clusters; a deep chain has one such cache for each layer. */
const L2_MEMORY = 8 * MiB
const SECTOR = 512

export class ImageFile {
  readonly storage: Storage
  /** Where guest data is: the same storage, or the external data file. */
  readonly dataStorage: Storage
  readonly geometry: Geometry
  /** Where the LUKS header is, when there is one. */
  readonly encryption: Extensions['encryption']
  readonly #guestData: GuestData | undefined
  readonly l2Tables: TableCache
  /** Bytes; grows when clusters past the end are given out, even before they are written. */
  size: number
  #header: HeaderFields
  #l1: Promise<Table> | undefined

  constructor(
    storage: Storage,
    dataStorage: Storage,
    facts: {
      readonly header: HeaderFields
      readonly geometry: Geometry
      readonly size: number
      readonly extensions?: Pick<Extensions, 'encryption'>
      readonly encryption?: Pick<Encryption, 'guestData'>
    },
  ) {
    this.storage = storage
    this.dataStorage = dataStorage
    this.#header = facts.header
    this.geometry = facts.geometry
    this.encryption = facts.extensions?.encryption
    this.#guestData = facts.encryption?.guestData
    this.size = facts.size
    this.l2Tables = new TableCache(storage, facts.geometry.clusterSize, L2_MEMORY)
  }

  /** The storage as which the guest's bytes at this place are to be read. */
  dataAt(host: number, guest: number): Storage {
    return this.#guestData?.(host, guest) ?? this.dataStorage
  }

  /** The same image with another disk in it. */
  withDisk(geometry: Geometry): ImageFile {
    return new ImageFile(this.storage, this.dataStorage, {
      header: this.header,
      geometry,
      size: this.size,
      ...(this.#guestData && { encryption: { guestData: this.#guestData } }),
    })
  }

  get header(): HeaderFields {
    return this.#header
  }

  /** Writes header fields that lie side by side, in one piece. Durable only after a flush. */
  async writeHeader(values: Partial<HeaderFields>): Promise<void> {
    await writeHeaderFields(this.storage, values)
    this.#header = { ...this.#header, ...values }
  }

  /** The active L1 table, read when it is first asked for: many images are only described. */
  l1(): Promise<Table> {
    this.#l1 ??= this.#readL1()
    return this.#l1
  }

  /** The L2 table of L1 entry `index`, if there is one. Throws `invalid-image` when the entry leads to no place for it. */
  async table(index: number): Promise<Table | undefined> {
    const { geometry, l2Tables, size, storage } = this
    const l1 = await this.l1()
    const entry = decodeL1(geometry, l1.view, index)
    if (entry.kind === 'none') return undefined
    const place = l1.offset + index * L1_ENTRY_SIZE
    const guest = index * geometry.tableSpan
    if (entry.kind === 'invalid')
      throw damaged(
        storage.name,
        `L1 entry ${index} at offset ${place}, for the guest’s bytes from ${guest} on, ${entry.problem}`,
        place,
      )
    if (entry.offset + geometry.clusterSize > size)
      throw damaged(
        storage.name,
        `the L2 table for the guest’s bytes from ${guest} on would be at offset ${entry.offset}, past the end of the file at ${size}`,
        entry.offset,
      )
    const table = l2Tables.peek(entry.offset) ?? (await l2Tables.load(entry.offset))
    // While it was read, a writer may have put another table in its place, and other bytes in this one's.
    const now = decodeL1(geometry, l1.view, index)
    return now.kind === 'table' && now.offset === entry.offset ? table : this.table(index)
  }

  /** Another table is the active L1 table from now on; the header leads to it already. */
  replaceL1(table: Table): void {
    this.#l1 = Promise.resolve(table)
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

/** The entry of a guest cluster. Throws `invalid-image` when it leads to no place for data. */
export function soundEntry(file: ImageFile, table: Table, cluster: number): StandardEntry | CompressedEntry {
  const { geometry, size } = file
  const { clusterSize } = geometry
  const index = cluster % geometry.entriesPerTable
  const entry = decodeL2(geometry, table.view, index)
  const damage = (problem: string) => {
    const place = table.offset + index * geometry.entrySize
    return damaged(
      file.storage.name,
      `the cluster with the guest’s bytes from ${cluster * clusterSize} on ${problem} (L2 entry ${index} at offset ${place} leads to offset ${entry.offset})`,
      entry.offset ?? place,
    )
  }
  if (entry.kind === 'invalid') throw damage(entry.problem)
  if (entry.offset === undefined) return entry
  if (entry.kind === 'compressed') {
    // A file need not be padded to the end of its last sector.
    if (entry.offset + entry.length > roundUp(size, SECTOR))
      throw damage(`is compressed and runs past the end of the file at ${size}`)
  } else if (geometry.externalData) {
    if (entry.offset !== cluster * clusterSize) throw damage('is not where the data file must have it')
  } else if (entry.allocated !== 0 && entry.offset >= size) {
    // The last cluster of a file may be cut short: what is missing are zeros no one wrote.
    throw damage(`is past the end of the file at ${size}`)
  }
  return entry
}
