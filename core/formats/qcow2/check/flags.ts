// The flags by which L1 and L2 entries say that what they lead to is the disk's alone: right exactly where the count is 1.

import { L1_ENTRY_SIZE } from '../layout.ts'
import type { Examination } from './examination.ts'
import { readTables } from './read-tables.ts'
import { isL1Copied, l1Target } from './walk-l1.ts'

/** The flags of one table that are wrong. */
export interface WrongFlags {
  readonly kind: 'l1' | 'l2'
  /** Host offset of the table. */
  readonly offset: number
  /** How many L1 entries of the disk lead to it, and how many there are with the snapshots'. */
  readonly active: number
  readonly all: number
  readonly indexes: readonly number[]
  /** The table as it is; good until the next one is asked for. */
  readonly view: DataView
}

/** Undefined where the count cannot be read. */
export type IsOnce = (cluster: number) => boolean | undefined

const WORD = 2 ** 32
const COPIED = 0x8000_0000
const COMPRESSED = 0x4000_0000
const OFFSET_HIGH = 0x00ff_ffff
const RESERVED_LOW = 0x1ff
const ZERO = 1

/** Snapshots' flags mean nothing and are not looked at. */
export async function* findWrongFlags(
  examination: Examination,
  isOnce: IsOnce,
): AsyncGenerator<WrongFlags, void, undefined> {
  const { image, uses, l1 } = examination
  const { clusterSize } = image.geometry
  const inL1: number[] = []
  for (let index = 0; index < l1.byteLength / L1_ENTRY_SIZE; index += 1) {
    const target = l1Target(l1, index)
    if (target === 0) continue
    const once = isOnce(Math.floor(target / clusterSize))
    if (once !== undefined && once !== isL1Copied(l1, index)) inL1.push(index)
  }
  if (inL1.length > 0)
    yield { kind: 'l1', offset: image.header.l1_table_offset, active: 1, all: 1, indexes: inL1, view: l1 }
  for await (const piece of readTables(image.storage, uses.offsets, clusterSize)) {
    // What cannot be read has been told already.
    if (piece.failure) continue
    for (let which = piece.first; which < piece.first + piece.count; which += 1) {
      const active = uses.active[which] ?? 0
      const offset = uses.offsets[which] ?? 0
      if (active === 0) continue
      const view = new DataView(piece.view.buffer, piece.view.byteOffset + offset - piece.offset, clusterSize)
      const indexes = wrongIn(view, examination, isOnce)
      if (indexes.length > 0) yield { kind: 'l2', offset, active, all: uses.all[which] ?? 0, indexes, view }
    }
  }
}

function wrongIn(view: DataView, { image }: Examination, isOnce: IsOnce): number[] {
  const { clusterSize, entrySize, entriesPerTable, subclusters, externalData } = image.geometry
  const wrong: number[] = []
  for (let index = 0; index < entriesPerTable; index += 1) {
    const high = view.getUint32(index * entrySize)
    const low = view.getUint32(index * entrySize + 4)
    if (high & COMPRESSED) continue
    const offset = (high & OFFSET_HIGH) * WORD + ((low & ~RESERVED_LOW) >>> 0)
    const copied = high >= COPIED
    const isZero = subclusters === 1 && (low & ZERO) !== 0
    if (offset === 0 && !(externalData && copied && !isZero)) continue
    const once = externalData ? true : isOnce(Math.floor(offset / clusterSize))
    if (once !== undefined && once !== copied) wrong.push(index)
  }
  return wrong
}
