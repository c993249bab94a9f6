// An open qcow image of version 1.

import { damaged } from '../../image/damage.ts'
import type { ImageLayer } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import { ExtentList } from '../../image/extent-list.ts'
import { TableCache } from '../../image/table-cache.ts'
import type { Table } from '../../image/table-cache.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import { MiB } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { CRYPT, ENTRY_SIZE } from './layout.ts'
import type { Opened } from './open.ts'

const TABLE_MEMORY = 8 * MiB
/** Small tables are answered for together. */
const ENTRIES_PER_ANSWER = 8192
const COMPRESSED = 1n << 63n

export class QcowLayer implements ImageLayer {
  readonly format = 'qcow'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly backing?: BackingRef
  readonly unreadable?: ErrorData
  readonly unwritable?: ErrorData
  readonly #opened: Opened
  readonly #tables: TableCache
  #l1: Promise<DataView> | undefined

  constructor(storage: Storage, opened: Opened, unwritable: SpindleError | undefined) {
    this.storage = storage
    this.virtualSize = opened.header.size
    this.blockSize = opened.clusterSize
    if (opened.backing) this.backing = opened.backing
    if (opened.unreadable) this.unreadable = opened.unreadable
    if (unwritable) this.unwritable = unwritable.toData()
    this.#opened = opened
    this.#tables = new TableCache(storage, opened.entriesPerTable * ENTRY_SIZE, TABLE_MEMORY)
  }

  async describe(): Promise<Details> {
    const { clusterSize, header } = this.#opened
    return { clusterSize, encrypted: header.crypt_method !== CRYPT.none }
  }

  /** What comes before a damaged entry is answered; asking for the entry itself throws. */
  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (this.unreadable) throw SpindleError.fromData(this.unreadable)
    const { tableSpan, entriesPerTable } = this.#opened
    const end = offset + length
    const extents = new ExtentList()
    try {
      let entries = 0
      for (let position = offset; position < end && entries < ENTRIES_PER_ANSWER; entries += entriesPerTable) {
        const index = Math.floor(position / tableSpan)
        const table = await this.#table(index)
        const stop = Math.min(end, (index + 1) * tableSpan)
        if (table) this.#walk(table, position, stop, extents)
        else extents.add({ kind: 'hole', length: stop - position })
        position = stop
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

  async #readL1(): Promise<DataView> {
    const { tableCount, header } = this.#opened
    const bytes = new Uint8Array(tableCount * ENTRY_SIZE)
    await readPadded(this.storage, header.l1_table_offset, bytes)
    return new DataView(bytes.buffer)
  }

  async #table(index: number): Promise<Table | undefined> {
    const { size, entriesPerTable, tableSpan } = this.#opened
    const l1 = await (this.#l1 ??= this.#readL1())
    const offset = Number(l1.getBigUint64(index * ENTRY_SIZE))
    if (offset === 0) return undefined
    if (offset + entriesPerTable * ENTRY_SIZE <= size) return this.#tables.peek(offset) ?? this.#tables.load(offset)
    throw damaged(
      this.storage.name,
      `the L2 table for the guest’s bytes from ${index * tableSpan} on would be at offset ${offset}, past the end of the file at ${size}`,
      offset,
    )
  }

  /** Adds what the table says of the guest's bytes `from` up to `to`. Throws at the first entry that is damaged. */
  #walk(table: Table, from: number, to: number, extents: ExtentList): void {
    const { clusterSize, entriesPerTable } = this.#opened
    for (let position = from; position < to;) {
      const cluster = Math.floor(position / clusterSize)
      const stop = Math.min(to, (cluster + 1) * clusterSize)
      const entry = table.view.getBigUint64((cluster % entriesPerTable) * ENTRY_SIZE)
      extents.add(this.#extent(entry, position, stop))
      position = stop
    }
  }

  #extent(entry: bigint, from: number, to: number): Extent {
    const { storage } = this
    const { clusterSize, size, header } = this.#opened
    const length = to - from
    if (entry === 0n) return { kind: 'hole', length }
    const skip = from % clusterSize
    const guest = from - skip
    if ((entry & COMPRESSED) === 0n) {
      const offset = Number(entry)
      // The last cluster of a file may be cut short.
      if (offset < size) return { kind: 'data', length, storage, offset: offset + skip }
      throw this.#pastEnd(guest, offset)
    }
    // Between the mark and the place stands how long the stream is.
    const placeBits = BigInt(63 - header.cluster_bits)
    const offset = Number(entry & ((1n << placeBits) - 1n))
    const packedLength = Number((entry & ~COMPRESSED) >> placeBits)
    if (offset + packedLength > size) throw this.#pastEnd(guest, offset)
    return {
      kind: 'packed',
      length,
      storage,
      offset,
      packedLength,
      codec: 'deflate',
      unpackedLength: clusterSize,
      skip,
    }
  }

  #pastEnd(guest: number, offset: number): SpindleError {
    return damaged(
      this.storage.name,
      `the cluster with the guest’s bytes from ${guest} on would be at offset ${offset}, past the end of the file at ${this.#opened.size}`,
      offset,
    )
  }
}
