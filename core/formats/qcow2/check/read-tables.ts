// Reading many tables of one size in file order: neighbours together, and each alone where the disk fails.

import { SpindleError } from '../../../model/error.ts'
import { KiB, MiB } from '../../../model/units.ts'
import { readPadded } from '../../../storage/storage.ts'
import type { Storage } from '../../../storage/storage.ts'

/** Bytes read at once, or one table where that is more. */
const LARGEST_PIECE = 2 * MiB
/** Up to here reading what lies between two tables is cheaper than asking twice. */
const LARGEST_GAP = 64 * KiB

/** Some tables that follow each other in the list. */
export interface Piece {
  /** Index of the first one in the list. */
  readonly first: number
  readonly count: number
  /** Host offset of the first byte of `view`. */
  readonly offset: number
  /** Good until the next piece is asked for. Zeros past the end of the file. */
  readonly view: DataView
  /** Why this table, the only one of its piece, could not be read; `view` is zeros then. */
  readonly failure?: SpindleError
}

/** `offsets` ascend. */
export async function* readTables(
  storage: Storage,
  offsets: Float64Array,
  tableSize: number,
): AsyncGenerator<Piece, void, undefined> {
  const buffer = new Uint8Array(Math.max(tableSize, LARGEST_PIECE))
  const at = (index: number): number => offsets[index] ?? Infinity
  for (let first = 0; first < offsets.length;) {
    const start = at(first)
    let end = start + tableSize
    let next = first + 1
    while (at(next) - end <= LARGEST_GAP && at(next) + tableSize - start <= buffer.length) {
      end = at(next) + tableSize
      next += 1
    }
    try {
      yield { first, count: next - first, offset: start, view: await read(storage, start, buffer, end - start) }
    } catch (error) {
      if (!isReadFailure(error)) throw error
      for (let index = first; index < next; index += 1) yield readAlone(storage, at(index), index, buffer, tableSize)
    }
    first = next
  }
}

/** The system could not read: everything else may still be looked at. */
export function isReadFailure(error: unknown): error is SpindleError {
  return error instanceof SpindleError && error.code === 'io'
}

async function readAlone(
  storage: Storage,
  offset: number,
  index: number,
  buffer: Uint8Array,
  tableSize: number,
): Promise<Piece> {
  try {
    return { first: index, count: 1, offset, view: await read(storage, offset, buffer, tableSize) }
  } catch (error) {
    if (!isReadFailure(error)) throw error
    return { first: index, count: 1, offset, view: new DataView(new ArrayBuffer(tableSize)), failure: error }
  }
}

async function read(storage: Storage, offset: number, buffer: Uint8Array, length: number): Promise<DataView> {
  await readPadded(storage, offset, buffer.subarray(0, length))
  return new DataView(buffer.buffer, buffer.byteOffset, length)
}
