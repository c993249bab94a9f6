// Writing into a sparse extent: room for grains at its end, and both copies of the tables kept in step.

import { SpindleError } from '../../model/error.ts'
import { readOnly } from '../../image/damage.ts'
import { roundUp } from '../../model/units.ts'
import { GrainTables, NOTHING, ZEROS, encodeTable, fixedRanges, tableBytes } from './grain-tables.ts'
import { LARGEST_FILE, SECTOR } from './layout.ts'

/** Grains that are to get a place; offsets in bytes of the extent. */
export interface NewGrains {
  readonly start: number
  readonly count: number
  /** In the file. */
  readonly offset: number
}

export class SparseWriter {
  readonly tables: GrainTables
  readonly #redundant: Float64Array | undefined
  /** Where the next grain or table can go; undefined until the tables were looked at. */
  #frontier: number | undefined

  private constructor(tables: GrainTables, redundant: Float64Array | undefined) {
    this.tables = tables
    this.#redundant = redundant
  }

  static async open(tables: GrainTables): Promise<SparseWriter> {
    const { storage, shape } = tables
    const redundant =
      shape.redundant === undefined ? undefined : await GrainTables.open(storage, shape, shape.redundant)
    return new SparseWriter(tables, redundant?.directory)
  }

  /** Room for the grain at `offset` and those behind it, up to `end`, that have none and lie in the same table. */
  async allocate(offset: number, end: number): Promise<NewGrains> {
    const { grainSize, tableEntries } = this.tables.shape
    const first = Math.floor(offset / grainSize)
    const index = first % tableEntries
    const table = await this.tables.table(Math.floor(first / tableEntries))
    const wanted = Math.min(Math.ceil(end / grainSize) - first, tableEntries - index)
    let count = 1
    while (count < wanted && (table?.[index + count] ?? NOTHING) <= ZEROS) count += 1
    return { start: first * grainSize, count, offset: await this.#take(count * grainSize, grainSize) }
  }

  async link({ start, count, offset }: NewGrains): Promise<void> {
    const { grainSize } = this.tables.shape
    for (let done = 0; done < count; done += 1) await this.set(start + done * grainSize, offset + done * grainSize)
  }

  /** Changes the entry of the grain at `offset`, in memory. */
  async set(offset: number, entry: number): Promise<void> {
    const { grainSize, tableEntries } = this.tables.shape
    const grain = Math.floor(offset / grainSize)
    const index = Math.floor(grain / tableEntries)
    const table = (await this.tables.table(index)) ?? new Float64Array(tableEntries)
    table[grain % tableEntries] = entry
    this.tables.changed.set(index, table)
  }

  /** Data first, then the tables, then what leads to new tables: every moment in between is a sound extent. */
  async flush(): Promise<void> {
    const { tables } = this
    const { storage, directory } = tables
    await storage.flush()
    if (tables.changed.size === 0) return
    const added: number[] = []
    const places = new Map<number, readonly number[]>()
    for (const [index, table] of tables.changed) {
      const isNew = (directory[index] ?? 0) === 0
      const offsets = isNew ? await this.#placesForTable() : [directory[index] ?? 0, this.#redundant?.[index] ?? 0]
      if (isNew) added.push(index)
      places.set(index, offsets)
      const bytes = encodeTable(table)
      for (const offset of offsets) if (offset > 0) await storage.write(offset, bytes)
    }
    await storage.flush()
    for (const index of added) await this.#enter(index, places.get(index) ?? [])
    if (added.length > 0) await storage.flush()
    tables.settle()
  }

  async #placesForTable(): Promise<readonly number[]> {
    const size = tableBytes(this.tables.shape)
    const first = await this.#take(size, SECTOR)
    return this.#redundant ? [first, await this.#take(size, SECTOR)] : [first]
  }

  async #enter(index: number, [first = 0, second]: readonly number[]): Promise<void> {
    const { storage, shape, directory } = this.tables
    await storage.write(shape.directory + index * 4, encodeTable(Float64Array.of(first)))
    if (this.#redundant && shape.redundant !== undefined && second !== undefined) {
      await storage.write(shape.redundant + index * 4, encodeTable(Float64Array.of(second)))
      this.#redundant[index] = second
    }
    directory[index] = first
  }

  /** Where nothing lies, from there on. Throws `invalid-image` when the tables cannot be trusted to tell. */
  async frontier(): Promise<number> {
    return (this.#frontier ??= await this.#findFrontier())
  }

  /** Of all tables and their copies. */
  tableStarts(): readonly number[] {
    return [...this.tables.directory, ...(this.#redundant ?? [])].filter((offset) => offset > 0)
  }

  async #take(length: number, alignment: number): Promise<number> {
    const offset = roundUp(await this.frontier(), alignment)
    if (offset + length > LARGEST_FILE)
      throw new SpindleError(
        'no-space',
        `${this.tables.storage.name} has reached 2 TiB, the most that one sparse file can hold. Convert the disk to another kind of image.`,
        { path: this.tables.storage.name },
      )
    this.#frontier = offset + length
    return offset
  }

  /** Looks at all tables first: what is written must not be able to land on anything that is in use. */
  async #findFrontier(): Promise<number> {
    const { tables } = this
    const { storage, shape, directory } = tables
    const size = await storage.size()
    const length = tableBytes(shape)
    const starts = Float64Array.from(this.tableStarts()).toSorted()
    const fixed = fixedRanges(shape)
    for (const [at, offset] of starts.entries())
      if (offset + length > size || offset < (starts[at - 1] ?? SECTOR - length) + length) throw this.#contradiction()
    let end = size
    for (let index = 0; index < directory.length; index += 1) {
      for (const entry of (await tables.table(index)) ?? []) {
        if (entry <= ZEROS) continue
        const grainEnd = entry + shape.grainSize
        if (!(entry < size) || overlapsOne(starts, length, entry, grainEnd)) throw this.#contradiction()
        if (fixed.some((range) => entry < range.end && grainEnd > range.start)) throw this.#contradiction()
        end = Math.max(end, grainEnd)
      }
    }
    return end
  }

  #contradiction(): SpindleError {
    return readOnly(this.tables.storage.name, 'has damaged tables, and writing could destroy what they do not tell of')
  }
}

/** Whether a range touches one of those that start, sorted, at `starts` and are `length` bytes long. */
export function overlapsOne(starts: Float64Array, length: number, from: number, to: number): boolean {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) + length <= from) low = middle + 1
    else high = middle
  }
  const start = starts[low]
  return start !== undefined && start < to
}
