// One sparse extent being written front to back: grains behind the tables, tables when they are full, the header last.

import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { ZEROS, encodeTable } from './grain-tables.ts'
import type { SparseLayout } from './geometry.ts'
import {
  DESCRIPTOR_SECTORS,
  FLAG,
  GRAIN_SIZE,
  LARGEST_FILE,
  NEWLINES,
  SECTOR,
  SPARSE_HEADER,
  SPARSE_MAGIC,
  TABLE_BYTES,
  TABLE_ENTRIES,
} from './layout.ts'

export class ExtentWriter {
  readonly storage: Storage
  readonly layout: SparseLayout
  readonly #zeroGrains: boolean
  /** Tables that are not on disk yet. */
  readonly #tables = new Map<number, Float64Array>()
  #next: number

  constructor(storage: Storage, layout: SparseLayout, zeroGrains: boolean) {
    this.storage = storage
    this.layout = layout
    this.#zeroGrains = zeroGrains
    this.#next = layout.overhead
  }

  /** Host offset of `count` grains that lie together. */
  place(first: number, count: number): number {
    const host = this.#next
    this.#next += count * GRAIN_SIZE
    if (this.#next > LARGEST_FILE)
      throw new SpindleError(
        'no-space',
        `${this.storage.name} would become larger than 2 TiB, the most that one sparse file can hold. Choose pieces of 2 GiB, or another format.`,
        { path: this.storage.name },
      )
    for (let done = 0; done < count; done += 1) this.#set(first + done, host + done * GRAIN_SIZE)
    return host
  }

  placeZeros(first: number, count: number): void {
    for (let done = 0; done < count; done += 1) this.#set(first + done, ZEROS)
  }

  /** Writes tables that no grain from `grain` on belongs to. */
  async drain(grain = Number.POSITIVE_INFINITY): Promise<void> {
    const { tables, redundantTables } = this.layout
    for (const [index, table] of this.#tables) {
      if ((index + 1) * TABLE_ENTRIES > grain) continue
      const bytes = encodeTable(table)
      await this.storage.write(redundantTables + index * TABLE_BYTES, bytes)
      await this.storage.write(tables + index * TABLE_BYTES, bytes)
      this.#tables.delete(index)
    }
  }

  /** Everything but the first sector. */
  async finish(): Promise<void> {
    const { tableCount, tables, redundantTables, directory, redundantDirectory } = this.layout
    await this.drain()
    const leading = (first: number): Uint8Array =>
      encodeTable(Float64Array.from({ length: tableCount }, (_, index) => first + index * TABLE_BYTES))
    await this.storage.write(redundantDirectory, leading(redundantTables))
    await this.storage.write(directory, leading(tables))
    await this.storage.truncate(this.#next)
    await this.storage.flush()
  }

  /** Makes it an extent. */
  async writeHeader(): Promise<void> {
    const { capacity, directory, redundantDirectory, overhead } = this.layout
    const header = SPARSE_HEADER.encode({
      magic: SPARSE_MAGIC,
      version: this.#zeroGrains ? 2 : 1,
      flags: FLAG.newlines | FLAG.redundantTables | (this.#zeroGrains ? FLAG.zeroGrains : 0),
      capacity: BigInt(capacity / SECTOR),
      grain_size: BigInt(GRAIN_SIZE / SECTOR),
      descriptor_offset: 1,
      descriptor_size: DESCRIPTOR_SECTORS,
      entries_per_table: TABLE_ENTRIES,
      redundant_directory: BigInt(redundantDirectory / SECTOR),
      directory: BigInt(directory / SECTOR),
      overhead: BigInt(overhead / SECTOR),
      unclean_shutdown: 0,
      newlines: NEWLINES,
      compression: 0,
    })
    await this.storage.write(0, header)
    await this.storage.flush()
  }

  #set(grain: number, entry: number): void {
    const index = Math.floor(grain / TABLE_ENTRIES)
    let table = this.#tables.get(index)
    if (!table) this.#tables.set(index, (table = new Float64Array(TABLE_ENTRIES)))
    table[grain % TABLE_ENTRIES] = entry
  }
}
