// One walk over the words of an L2 table: what it refers to is counted, what breaks a rule is told.

import type { Geometry } from '../geometry.ts'
import type { CheckedImage } from './checked-image.ts'
import { SAYS_COPIED, SAYS_SHARED } from './cluster-counts.ts'
import type { ClusterCounts } from './cluster-counts.ts'

export type L2ProblemCode =
  | 'l2-reserved-bits'
  | 'l2-unaligned'
  | 'l2-past-end'
  | 'l2-flags-without-place'
  | 'l2-subclusters-contradict'
  | 'l2-subclusters-without-place'
  | 'l2-zero-flag-in-version-2'
  | 'l2-compressed-copied'
  | 'l2-compressed-with-subclusters'
  | 'l2-compressed-in-data-file'
  | 'l2-compressed-past-end'
  | 'l2-compressed-place'
  | 'l2-data-file-place'

export interface L2Problem {
  readonly code: L2ProblemCode
  /** Of the entry in its table. */
  readonly index: number
  /** The host offset it claims. */
  readonly offset: number
}

/** How many L1 entries lead to the table. */
export interface Uses {
  readonly active: number
  readonly all: number
}

const WORD = 2 ** 32
const SECTOR = 512
const COPIED = 0x8000_0000
const COMPRESSED = 0x4000_0000
const RESERVED_HIGH = 0x3f00_0000
const OFFSET_HIGH = 0x00ff_ffff
const RESERVED_LOW = 0x1ff
const ZERO = 1

export class L2Walk {
  allocated = 0
  fragmented = 0
  compressed = 0
  /** An entry for the data file lacks the flag that says it is the disk's own. */
  sharedInDataFile = false
  readonly #image: CheckedImage
  readonly #counts: ClusterCounts

  constructor(image: CheckedImage, counts: ClusterCounts) {
    this.#image = image
    this.#counts = counts
  }

  /** `start`: of the table in `view`. `guest`: what its first entry is for, where a data file makes that matter. */
  walk(view: DataView, start: number, uses: Uses, guest?: number): L2Problem[] {
    const { geometry, size, fileClusters } = this.#image
    const counts = this.#counts
    const { clusterBits, clusterSize, entrySize, entriesPerTable, version, externalData } = geometry
    const extended = geometry.subclusters > 1
    const reservedLow = extended ? RESERVED_LOW : RESERVED_LOW & ~ZERO
    const copiedFlag = uses.active > 0 ? SAYS_COPIED : 0
    const sharedFlag = uses.active > 0 ? SAYS_SHARED : 0
    const clustersPerWord = WORD / clusterSize
    const problems: L2Problem[] = []
    let allocated = 0
    let fragmented = 0
    // Where the next cluster would be if the file were read in one go.
    let expected = 0
    const tell = (code: L2ProblemCode, index: number, offset: number): void =>
      void problems.push({ code, index, offset })
    for (let index = 0, at = start; index < entriesPerTable; index += 1, at += entrySize) {
      const high = view.getUint32(at)
      const low = view.getUint32(at + 4)
      if (!extended && high === 0 && low <= ZERO && (low === 0 || version > 2)) continue
      if (high & COMPRESSED) {
        this.#compressed(view, at, index, uses, problems)
        continue
      }
      const known = problems.length
      const offset = (high & OFFSET_HIGH) * WORD + ((low & ~RESERVED_LOW) >>> 0)
      if (high & RESERVED_HIGH || low & reservedLow) tell('l2-reserved-bits', index, offset)
      else if (low & ZERO && version < 3) tell('l2-zero-flag-in-version-2', index, offset)
      const zeroParts = extended ? view.getUint32(at + 8) : 0
      const dataParts = extended ? view.getUint32(at + 12) : 0
      const copied = high >= COPIED
      if (offset === 0 && !(externalData && copied && (extended || (low & ZERO) === 0))) {
        if (dataParts !== 0) tell('l2-subclusters-without-place', index, offset)
        if (copied && !externalData) tell('l2-flags-without-place', index, offset)
        continue
      }
      if (zeroParts & dataParts) tell('l2-subclusters-contradict', index, offset)
      allocated += 1
      if (offset !== expected && expected !== 0) fragmented += 1
      expected = offset + clusterSize
      const isAligned = (low & (clusterSize - 1) & ~RESERVED_LOW) === 0
      if (!isAligned) tell('l2-unaligned', index, offset)
      if (externalData) {
        if (isAligned && guest !== undefined && offset !== guest + index * clusterSize)
          tell('l2-data-file-place', index, offset)
        if (!copied) this.sharedInDataFile = true
        continue
      }
      if (offset >= size) {
        tell('l2-past-end', index, offset)
        continue
      }
      const cluster = (high & OFFSET_HIGH) * clustersPerWord + (low >>> clusterBits)
      const flag = copied ? copiedFlag : sharedFlag
      if (!isAligned) {
        counts.add(cluster, uses.all, flag)
        counts.add(cluster + 1, uses.all, 0)
        continue
      }
      // What is wrong with one entry is to be told of each.
      const most = problems.length > known ? 1 : Math.min(entriesPerTable - index, fileClusters - cluster)
      const run = runLength(view, at, most, geometry)
      counts.addRange(cluster, run, uses.all, flag)
      allocated += run - 1
      expected += (run - 1) * clusterSize
      index += run - 1
      at += (run - 1) * entrySize
    }
    this.allocated += allocated * uses.active
    this.fragmented += fragmented * uses.active
    return problems
  }

  #compressed(view: DataView, at: number, index: number, uses: Uses, problems: L2Problem[]): void {
    const { geometry, size } = this.#image
    const { clusterBits, clusterSize } = geometry
    const high = view.getUint32(at)
    // In the high word: where the sector count starts, above the host offset.
    const shift = 62 - (clusterBits - 8) - 32
    const offset = (high & ((1 << shift) - 1)) * WORD + view.getUint32(at + 4)
    const sectors = ((high & (COMPRESSED - 1)) >>> shift) + 1
    const tell = (code: L2ProblemCode): void => void problems.push({ code, index, offset })
    if (high >= COPIED) tell('l2-compressed-copied')
    if (geometry.externalData) return tell('l2-compressed-in-data-file')
    if (geometry.subclusters > 1 && (view.getUint32(at + 8) || view.getUint32(at + 12)))
      return tell('l2-compressed-with-subclusters')
    this.compressed += uses.active
    this.allocated += uses.active
    // Packed streams lie beside each other at odd places, so each one costs a read of its own.
    this.fragmented += uses.active
    const length = sectors * SECTOR - (offset % SECTOR)
    if (offset < clusterSize) tell('l2-compressed-place')
    if (offset + length - size >= clusterSize) return tell('l2-compressed-past-end')
    const last = Math.floor((offset + length - 1) / clusterSize)
    for (let cluster = Math.floor(offset / clusterSize); cluster <= last; cluster += 1)
      this.#counts.add(cluster, uses.all, 0)
  }
}

/** How many entries from the one at `at` on, at most `most`, differ from it only by leading one cluster further each. */
function runLength(view: DataView, at: number, most: number, { clusterSize, entrySize }: Geometry): number {
  const high = view.getUint32(at)
  let low = view.getUint32(at + 4)
  let run = 1
  for (let next = at + entrySize; run < most; run += 1, next += entrySize) {
    low += clusterSize
    if (view.getUint32(next + 4) !== low || view.getUint32(next) !== high) break
    if (entrySize > 8 && !(view.getUint32(next + 8) === view.getUint32(at + 8))) break
    if (entrySize > 8 && !(view.getUint32(next + 12) === view.getUint32(at + 12))) break
  }
  return run
}
