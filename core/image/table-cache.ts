// The tables of one kind (L2 tables, refcount blocks, pages of a block map) that are in memory: the recently used and the changed.

import { SpindleError } from '../model/error.ts'
import { readPadded } from '../storage/storage.ts'
import type { Storage } from '../storage/storage.ts'

/** A write of part of a sector may tear the rest of it, so changed parts are written in whole sectors. */
const SECTOR = 512
/** Fewer tables than this would thrash even for one request. */
const MIN_TABLES = 4

/** A piece of a file full of entries. Changes to its bytes are to be told with `change`. */
export class Table {
  /** Host bytes. */
  readonly offset: number
  readonly bytes: Uint8Array
  readonly view: DataView
  #changedStart = 0
  #changedEnd = 0

  constructor(offset: number, bytes: Uint8Array) {
    this.offset = offset
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get changed(): boolean {
    return this.#changedEnd > 0
  }

  change(start: number, length: number): void {
    this.#changedStart = this.changed ? Math.min(this.#changedStart, start) : start
    this.#changedEnd = Math.max(this.#changedEnd, start + length)
  }

  async writeBack(storage: Storage): Promise<void> {
    const start = Math.floor(this.#changedStart / SECTOR) * SECTOR
    const end = Math.min(Math.ceil(this.#changedEnd / SECTOR) * SECTOR, this.bytes.length)
    await storage.write(this.offset + start, this.bytes.subarray(start, end))
    this.#changedStart = 0
    this.#changedEnd = 0
  }
}

export class TableCache {
  readonly #storage: Storage
  readonly #tableSize: number
  readonly #capacity: number
  /** Least recently used first. */
  readonly #tables = new Map<number, Table>()
  readonly #loading = new Map<number, Promise<Table>>()
  readonly #changed = new Set<Table>()

  /** `memory` in bytes bounds what is kept; changed tables stay until they are written back. */
  constructor(storage: Storage, tableSize: number, memory: number) {
    this.#storage = storage
    this.#tableSize = tableSize
    this.#capacity = Math.max(MIN_TABLES, Math.floor(memory / tableSize))
  }

  /** Of the tables that wait to be written back. */
  get changedBytes(): number {
    return this.#changed.size * this.#tableSize
  }

  /** The tables that wait to be written back, in file order. */
  get changedTables(): readonly Table[] {
    return [...this.#changed].toSorted((left, right) => left.offset - right.offset)
  }

  /** The table at `offset` when it is in memory: loops look here first, so that they wait only for the disk. */
  peek(offset: number): Table | undefined {
    const table = this.#tables.get(offset)
    if (!table) return undefined
    this.#tables.delete(offset)
    this.#tables.set(offset, table)
    return table
  }

  /** Reads the table when it is not in memory. What lies past the end of the file is zero. */
  async load(offset: number): Promise<Table> {
    const known = this.peek(offset)
    if (known) return known
    const loading = this.#loading.get(offset) ?? this.#read(offset)
    this.#loading.set(offset, loading)
    const table = await loading
    // Another who waited has put it in place already, or it was read before a new table took its room.
    if (this.#loading.get(offset) !== loading) return this.load(offset)
    this.#loading.delete(offset)
    this.#tables.set(offset, table)
    this.#shrink()
    return table
  }

  /** A new table at `offset`, as a whole not on disk yet. */
  create(offset: number, bytes = new Uint8Array(this.#tableSize)): Table {
    this.forget(offset)
    const table = new Table(offset, bytes)
    this.#tables.set(offset, table)
    this.change(table, 0, bytes.length)
    this.#shrink()
    return table
  }

  /** Drops a table whose room now belongs to something else. */
  forget(offset: number): void {
    // A read still under way finds what was there before.
    this.#loading.delete(offset)
    const table = this.#tables.get(offset)
    if (!table) return
    this.#tables.delete(offset)
    this.#changed.delete(table)
  }

  /** To be told of every change: `length` bytes from `start` on within the table. */
  change(table: Table, start: number, length: number): void {
    const known = this.#tables.get(table.offset)
    if (known && known !== table)
      throw new SpindleError('internal', `two tables in memory claim offset ${table.offset}`, { offset: table.offset })
    // It may have been dropped from memory while its user still held it.
    this.#tables.set(table.offset, table)
    this.#changed.add(table)
    table.change(start, length)
  }

  /** Writes what has changed, in file order. */
  async writeBack(): Promise<void> {
    for (const table of this.changedTables) {
      await table.writeBack(this.#storage)
      this.#changed.delete(table)
    }
    this.#shrink()
  }

  async #read(offset: number): Promise<Table> {
    const bytes = new Uint8Array(this.#tableSize)
    try {
      await readPadded(this.#storage, offset, bytes)
    } catch (error) {
      this.#loading.delete(offset)
      throw error
    }
    return new Table(offset, bytes)
  }

  #shrink(): void {
    for (const [offset, table] of this.#tables) {
      if (this.#tables.size <= this.#capacity) return
      if (!table.changed) this.#tables.delete(offset)
    }
  }
}
