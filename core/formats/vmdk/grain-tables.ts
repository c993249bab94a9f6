// The tables of a sparse extent in memory: where each of its grains is.

import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { cannotRead } from './damage.ts'
import { SECTOR } from './layout.ts'
import type { SparseShape } from './sparse-shape.ts'

/** Byte offsets of grains, by index. No grain starts at either of the two other values. */
export type GrainTable = Float64Array
export const NOTHING = 0
export const ZEROS = 1

/** Tables kept that can be read again. */
const KEPT_TABLES = 8192
/** Of a directory, bytes at once. */
const READ_SIZE = 1024 * 1024

export class GrainTables {
  readonly storage: Storage
  readonly shape: SparseShape
  /** Byte offsets of the tables; 0 where there is none. */
  readonly directory: Float64Array
  /** Tables that must stay: they hold what is not on disk yet. */
  readonly changed = new Map<number, GrainTable>()
  readonly #kept = new Map<number, GrainTable>()

  private constructor(storage: Storage, shape: SparseShape, directory: Float64Array) {
    this.storage = storage
    this.shape = shape
    this.directory = directory
  }

  /** By the first directory, or the second one. */
  static async open(storage: Storage, shape: SparseShape, offset = shape.directory): Promise<GrainTables> {
    return new GrainTables(storage, shape, await readDirectory(storage, shape, offset))
  }

  /** Undefined where nothing was ever written. Throws `invalid-image` for a table outside of the file. */
  async table(index: number): Promise<GrainTable | undefined> {
    const known = this.changed.get(index) ?? this.#kept.get(index)
    if (known) return known
    const offset = this.directory[index] ?? 0
    if (offset === 0) return undefined
    if (offset >= (await this.storage.size()))
      throw cannotRead(this.storage.name, `its table ${index} should be at ${offset}, past the end of the file`, offset)
    const table = decodeTable(await this.#read(offset), this.shape)
    // It may have been changed, and even written, while it was being read.
    const newer = this.changed.get(index) ?? this.#kept.get(index)
    if (newer) return newer
    if (this.#kept.size >= KEPT_TABLES) this.#kept.clear()
    this.#kept.set(index, table)
    return table
  }

  /** What was changed is on disk now. */
  settle(): void {
    for (const [index, table] of this.changed) this.#kept.set(index, table)
    this.changed.clear()
  }

  async #read(offset: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(tableBytes(this.shape))
    await readPadded(this.storage, offset, bytes)
    return bytes
  }
}

export function tableBytes({ kind, tableEntries }: SparseShape): number {
  return tableEntries * (kind === 'se' ? 8 : 4)
}

/** What of the file is neither table nor grain: header, descriptor and directories. Bytes. */
export function fixedRanges(shape: SparseShape): readonly { readonly start: number; readonly end: number }[] {
  const { descriptor, directory, redundant, tableCount, kind } = shape
  const length = tableCount * (kind === 'se' ? 8 : 4)
  return [
    { start: 0, end: SECTOR },
    ...(descriptor ? [{ start: descriptor.offset, end: descriptor.offset + descriptor.length }] : []),
    ...[directory, ...(redundant === undefined ? [] : [redundant])].map((start) => ({ start, end: start + length })),
  ]
}

export function decodeTable(bytes: Uint8Array, shape: SparseShape): GrainTable {
  const { tableEntries, zeroGrains, se, grainSize } = shape
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const table = new Float64Array(tableEntries)
  for (let index = 0; index < tableEntries; index += 1) {
    if (se) {
      table[index] = seEntry(view.getUint32(index * 8, true), view.getUint32(index * 8 + 4, true), se.grains, grainSize)
      continue
    }
    const sector = view.getUint32(index * 4, true)
    table[index] = zeroGrains && sector === 1 ? ZEROS : sector * SECTOR
  }
  return table
}

export function encodeTable(table: GrainTable): Uint8Array {
  const bytes = new Uint8Array(table.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [index, entry] of table.entries()) view.setUint32(index * 4, entry === ZEROS ? 1 : entry / SECTOR, true)
  return bytes
}

/** The number of the grain is cut in two: its lowest twelve bits stand below the four of the state. */
function seEntry(low: number, high: number, grains: number, grainSize: number): number {
  const state = high >>> 28
  if (state === 0) return low === 0 && high === 0 ? NOTHING : Number.NaN
  if (state === 1 || state === 2) return ZEROS
  if (state !== 3) return Number.NaN
  const number = ((high >>> 16) & 0xfff) + 4096 * (low + (high & 0xffff) * 2 ** 32)
  return grains + number * grainSize
}

async function readDirectory(storage: Storage, shape: SparseShape, offset: number): Promise<Float64Array> {
  const { tableCount, se } = shape
  const width = se ? 8 : 4
  const directory = new Float64Array(tableCount)
  for (let first = 0; first < tableCount; first += READ_SIZE / width) {
    const count = Math.min(READ_SIZE / width, tableCount - first)
    const bytes = new Uint8Array(count * width)
    await readPadded(storage, offset + first * width, bytes)
    const view = new DataView(bytes.buffer)
    for (let index = 0; index < count; index += 1) {
      const low = view.getUint32(index * width, true)
      directory[first + index] = se ? seTable(low, view.getUint32(index * width + 4, true), se) : low * SECTOR
    }
  }
  return directory
}

function seTable(low: number, high: number, se: NonNullable<SparseShape['se']>): number {
  if (low === 0 && high === 0) return 0
  // What is no table of this extent is past its end, whatever number it has.
  return high === 0x1000_0000 && low < se.tableLimit ? se.tables + low * 64 * SECTOR : Number.MAX_SAFE_INTEGER
}
