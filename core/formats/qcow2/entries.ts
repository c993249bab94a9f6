// L1 and L2 entries: each is decoded once, into a tagged union, and encoded from it.

import type { Geometry } from './geometry.ts'

export type L1Entry =
  | { readonly kind: 'none' }
  /** `copied`: the count is exactly 1, so the table may be changed in place. Means nothing in a snapshot's L1. */
  | { readonly kind: 'table'; readonly offset: number; readonly copied: boolean }
  | InvalidEntry

export type L2Entry = StandardEntry | CompressedEntry | InvalidEntry

/**
 * Bit i of `allocated` and `zero` is about subcluster i; without extended L2 the cluster is its own only subcluster.
 * Neither bit: this layer has nothing. `zero`: zeros, with or without room at `offset`. `allocated`: data at `offset`.
 */
export interface StandardEntry {
  readonly kind: 'standard'
  /** Host bytes; undefined when no room belongs to the entry. */
  readonly offset: number | undefined
  /** The count is exactly 1, so the room may be written in place. */
  readonly copied: boolean
  readonly allocated: number
  readonly zero: number
}

/** A packed stream at any byte offset; `length` counts whole sectors, so it may hold more than the stream. */
export interface CompressedEntry {
  readonly kind: 'compressed'
  readonly offset: number
  readonly length: number
}

export interface InvalidEntry {
  readonly kind: 'invalid'
  /** A clause about “it”. */
  readonly problem: string
  /** The host offset it claims. */
  readonly offset: number
}

export const UNALLOCATED: StandardEntry = { kind: 'standard', offset: undefined, copied: false, allocated: 0, zero: 0 }

const WORD = 2 ** 32
const SECTOR = 512
// Bits 63 and 62, 56 to 61 and 32 to 55 of an entry, in its high word; bits 0 to 8 in its low word.
const COPIED = 0x8000_0000
const COMPRESSED = 0x4000_0000
const RESERVED_HIGH = 0x3f00_0000
const OFFSET_HIGH = 0x00ff_ffff
const RESERVED_LOW = 0x1ff
/** Of a standard L2 entry, since version 3. */
const ZERO = 1

export function decodeL1(geometry: Geometry, view: DataView, index: number): L1Entry {
  const high = view.getUint32(index * 8)
  const low = view.getUint32(index * 8 + 4)
  const offset = offsetOf(high, low)
  if (high & (RESERVED_HIGH | COMPRESSED) || low & RESERVED_LOW) return invalid('has reserved bits set', offset)
  if (offset % geometry.clusterSize !== 0) return invalid('is not on a cluster boundary', offset)
  return offset === 0 ? { kind: 'none' } : { kind: 'table', offset, copied: high >= COPIED }
}

/** True where the entry leads to no table, whatever its flags. */
export function isEmptyL1(view: DataView, index: number): boolean {
  return offsetOf(view.getUint32(index * 8), view.getUint32(index * 8 + 4)) === 0
}

/** Where the entry leads, whatever its flags. */
export function tableOffset(view: DataView, index: number): number {
  return offsetOf(view.getUint32(index * 8), view.getUint32(index * 8 + 4))
}

export function encodeL1(view: DataView, index: number, offset: number, copied: boolean): void {
  setWords(view, index * 8, offset, copied ? COPIED : 0, 0)
}

/**
 * How many entries from `index` on, below `end`, are plain data in room before `size` and alike in whether it is their
 * own; 0 where the first one is anything else. The quick look at most of a disk: a picture needs no more than this.
 */
export function plainRun(geometry: Geometry, view: DataView, index: number, end: number, size: number): number {
  if (geometry.subclusters > 1) return 0
  const mixed = geometry.clusterSize - 1
  const copied = isCopied(view, index * 8)
  let next = index
  for (; next < end; next += 1) {
    const high = view.getUint32(next * 8)
    const low = view.getUint32(next * 8 + 4)
    if (high & (COMPRESSED | RESERVED_HIGH) || low & mixed || high >= COPIED !== copied) break
    const offset = (high & OFFSET_HIGH) * WORD + low
    if (offset === 0 || offset >= size) break
  }
  return next - index
}

/** Where the entry leads, once that is known to be plain data. */
export function plainPlace(geometry: Geometry, view: DataView, index: number): number {
  const at = index * geometry.entrySize
  return offsetOf(view.getUint32(at), view.getUint32(at + 4))
}

/** The entry leads nowhere: nothing is here, or zeros without room. */
export function isEmptyL2(geometry: Geometry, view: DataView, index: number): boolean {
  const at = index * geometry.entrySize
  return view.getUint32(at) === 0 && (view.getUint32(at + 4) & ~ZERO) === 0
}

export function isPacked(geometry: Geometry, view: DataView, index: number): boolean {
  return (view.getUint32(index * geometry.entrySize) & COMPRESSED) !== 0
}

export function isCopied(view: DataView, byteOffset: number): boolean {
  return view.getUint32(byteOffset) >= COPIED
}

/** Says of the room of an entry, or of its table in an L1 entry, whether it is its own. */
export function markCopied(view: DataView, byteOffset: number, copied: boolean): void {
  const high = view.getUint32(byteOffset)
  view.setUint32(byteOffset, (copied ? high | COPIED : high & ~COPIED) >>> 0)
}

export function decodeL2(geometry: Geometry, view: DataView, index: number): L2Entry {
  const at = index * geometry.entrySize
  const high = view.getUint32(at)
  const low = view.getUint32(at + 4)
  if (high & COMPRESSED) return decodeCompressed(geometry, view, at)
  const extended = geometry.subclusters > 1
  const claimed = offsetOf(high, low)
  const copied = high >= COPIED
  const reservedLow = extended || geometry.version < 3 ? RESERVED_LOW : RESERVED_LOW & ~ZERO
  if (high & RESERVED_HIGH || low & reservedLow) return invalid('has reserved bits set', claimed)
  if (claimed % geometry.clusterSize !== 0) return invalid('is not on a cluster boundary', claimed)
  // Only in an external data file is offset 0 a place for guest data.
  if (claimed === 0 && copied && !geometry.externalData) return invalid('leads to the header', claimed)
  const offset = claimed === 0 && !copied ? undefined : claimed
  if (!extended) {
    const zero = low & ZERO
    return { kind: 'standard', offset, copied, allocated: zero === 0 && offset !== undefined ? 1 : 0, zero }
  }
  const zero = view.getUint32(at + 8)
  const allocated = view.getUint32(at + 12)
  if (zero & allocated) return invalid('calls a subcluster both zero and allocated', claimed)
  if (allocated !== 0 && offset === undefined) return invalid('has allocated subclusters without a place', claimed)
  return { kind: 'standard', offset, copied, allocated, zero }
}

export function encodeL2(
  geometry: Geometry,
  view: DataView,
  index: number,
  entry: StandardEntry | CompressedEntry,
): void {
  const at = index * geometry.entrySize
  const extended = geometry.subclusters > 1
  if (entry.kind === 'compressed') {
    const shift = compressedShift(geometry)
    const sectors = (entry.length + (entry.offset % SECTOR)) / SECTOR - 1
    setWords(view, at, entry.offset, (COMPRESSED | (sectors << shift)) >>> 0, 0)
  } else {
    setWords(view, at, entry.offset ?? 0, entry.copied ? COPIED : 0, extended ? 0 : entry.zero & ZERO)
  }
  if (!extended) return
  view.setUint32(at + 8, entry.kind === 'standard' ? entry.zero : 0)
  view.setUint32(at + 12, entry.kind === 'standard' ? entry.allocated : 0)
}

/** How many entries from `index` on, below `end`, have room one cluster after the other and the same flags. */
export function adjacentRun(geometry: Geometry, view: DataView, index: number, end: number): number {
  const { clusterSize, entrySize } = geometry
  const high = view.getUint32(index * entrySize)
  const low = view.getUint32(index * entrySize + 4)
  let next = index + 1
  for (let expected = offsetOf(high, low) + clusterSize; next < end; next += 1, expected += clusterSize) {
    const nextHigh = view.getUint32(next * entrySize)
    const nextLow = view.getUint32(next * entrySize + 4)
    const sameFlags = nextHigh >>> 24 === high >>> 24 && (nextLow & RESERVED_LOW) === (low & RESERVED_LOW)
    if (!sameFlags || offsetOf(nextHigh, nextLow) !== expected) break
  }
  return next - index
}

/** How many entries from `index` on, below `end`, are equal word for word. */
export function equalRun(geometry: Geometry, view: DataView, index: number, end: number): number {
  const { entrySize } = geometry
  const start = index * entrySize
  let next = index + 1
  for (; next < end; next += 1) {
    for (let word = 0; word < entrySize; word += 4) {
      if (view.getUint32(start + word) !== view.getUint32(next * entrySize + word)) return next - index
    }
  }
  return next - index
}

function decodeCompressed(geometry: Geometry, view: DataView, at: number): L2Entry {
  const high = view.getUint32(at)
  const low = view.getUint32(at + 4)
  const shift = compressedShift(geometry)
  const offset = (high & ((1 << shift) - 1)) * WORD + low
  const sectors = (high & (COMPRESSED - 1)) >>> shift
  if (high >= COPIED) return invalid('is both compressed and writable in place', offset)
  if (geometry.externalData) return invalid('is compressed, which an external data file cannot be', offset)
  if (geometry.subclusters > 1 && (view.getUint32(at + 8) || view.getUint32(at + 12)))
    return invalid('is compressed and has subclusters', offset)
  if (offset >= OFFSET_LIMIT || offset < geometry.clusterSize) return invalid('is no place for data', offset)
  return { kind: 'compressed', offset, length: (sectors + 1) * SECTOR - (offset % SECTOR) }
}

const OFFSET_LIMIT = 2 ** 56

/** In the high word: where the sector count starts, above the host offset. */
function compressedShift(geometry: Geometry): number {
  return 62 - (geometry.clusterBits - 8) - 32
}

function offsetOf(high: number, low: number): number {
  return (high & OFFSET_HIGH) * WORD + ((low & ~RESERVED_LOW) >>> 0)
}

function setWords(view: DataView, at: number, offset: number, highFlags: number, lowFlags: number): void {
  view.setUint32(at, (Math.floor(offset / WORD) | highFlags) >>> 0)
  view.setUint32(at + 4, (offset % WORD) + lowFlags)
}

function invalid(problem: string, offset: number): InvalidEntry {
  return { kind: 'invalid', problem, offset }
}
