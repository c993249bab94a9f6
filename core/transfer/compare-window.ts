// Comparing two disks piece by piece: what must be read, and reading it.

import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'
import { sliceExtent } from '../image/extent.ts'
import type { Pace } from '../jobs/pace.ts'
import { KiB, MiB } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { PieceReader, SourceList, pieceOf } from './piece.ts'
import type { Piece } from './piece.ts'
import { isZero } from './zeros.ts'

/** Guest bytes that may differ. A side without a piece is zeros there. */
export interface Pair {
  readonly guest: number
  readonly length: number
  readonly left?: Piece
  readonly right?: Piece
}

export interface CompareWindow {
  readonly sources: readonly Storage[]
  /** Ascending by guest offset. */
  readonly pairs: readonly Pair[]
  /** Guest bytes in the pairs. */
  readonly length: number
}

/** Guest bytes from the first that differs to the last, whole sectors in between. */
export interface Difference {
  readonly offset: number
  readonly length: number
}

const WINDOW_LIMIT = 4 * MiB
const PAIR_LIMIT = 2048
/** Two of these fit a core's own cache. */
const STEP = 256 * KiB
/** Differences closer together than this are told as one. */
const SECTOR = 512

/** Everything that has to be read to compare two disks. What is past the end of the shorter one counts as zeros. */
export async function* compareWindowsOf(
  left: VirtualDisk,
  right: VirtualDisk,
  pace?: Pace,
): AsyncGenerator<CompareWindow> {
  const leftSide = new Cursor(left)
  const rightSide = new Cursor(right)
  const end = Math.max(left.size, right.size)
  let draft = new Draft()
  for (let guest = 0; guest < end;) {
    const [one, other] = [await leftSide.at(guest), await rightSide.at(guest)]
    const together = Math.min(one.length, other.length, end - guest)
    const same = sameBytes(one, other)
    const length = same ? together : Math.min(together, draft.room)
    if (!same) draft.add(guest, sliceExtent(one, 0, length), sliceExtent(other, 0, length))
    guest += length
    if (draft.full) {
      yield draft.window
      draft = new Draft()
    }
    await pace?.(0)
  }
  if (draft.window.length > 0) yield draft.window
}

/** Where the two disks differ in this window, in ascending order. */
export async function compareWindow(
  window: CompareWindow,
  buffer: Uint8Array,
  check: () => void,
): Promise<readonly Difference[]> {
  const differences: Difference[] = []
  const left = new PieceReader(window.sources)
  const right = new PieceReader(window.sources)
  for (const pair of window.pairs) {
    for (let done = 0; done < pair.length; done += STEP) {
      check()
      const length = Math.min(STEP, pair.length - done)
      const guest = pair.guest + done
      const one = pair.left && buffer.subarray(0, length)
      const other = pair.right && buffer.subarray(STEP, STEP + length)
      if (pair.left && one) await left.read(pair.left, guest, one)
      if (pair.right && other) await right.read(pair.right, guest, other)
      if (!equal(one, other)) addDifferences(differences, guest, one ?? zeros(length), other ?? zeros(length))
    }
  }
  return differences
}

/** Bytes of memory that compareWindow works in. */
export const COMPARE_BUFFER = 2 * STEP

/** Adds one, or makes the last one longer when they are close. */
export function addDifference(differences: Difference[], next: Difference): void {
  const last = differences.at(-1)
  if (last && next.offset - (last.offset + last.length) < SECTOR) {
    differences[differences.length - 1] = { offset: last.offset, length: next.offset + next.length - last.offset }
  } else {
    differences.push(next)
  }
}

function equal(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one && other) return Buffer.compare(one, other) === 0
  const alone = one ?? other
  return !alone || isZero(alone)
}

function zeros(length: number): Uint8Array {
  return new Uint8Array(length)
}

function addDifferences(differences: Difference[], guest: number, one: Uint8Array, other: Uint8Array): void {
  for (let at = 0; at < one.length; at += SECTOR) {
    const left = one.subarray(at, at + SECTOR)
    const right = other.subarray(at, at + SECTOR)
    if (Buffer.compare(left, right) === 0) continue
    const first = left.findIndex((byte, index) => byte !== right[index])
    const last = left.findLastIndex((byte, index) => byte !== right[index])
    addDifference(differences, { offset: guest + at + first, length: last - first + 1 })
  }
}

/** Walks the extents of one disk; behind its end there is a hole without end. */
class Cursor {
  readonly #answers: AsyncGenerator<readonly DiskExtent[]>
  #extents: readonly DiskExtent[] = []
  #index = 0
  /** Guest offset of the extent at `#index`. */
  #start = 0

  constructor(disk: VirtualDisk) {
    this.#answers = disk.extents()
  }

  /** What lies at `guest`, from there on. Offsets must ascend. */
  async at(guest: number): Promise<DiskExtent> {
    for (;;) {
      const extent = this.#extents[this.#index]
      if (extent && guest < this.#start + extent.length) {
        const skip = guest - this.#start
        return sliceExtent(extent, skip, extent.length - skip)
      }
      if (extent) {
        this.#start += extent.length
        this.#index += 1
        continue
      }
      const next = await this.#answers.next()
      if (next.done === true) return { kind: 'hole', length: Number.MAX_SAFE_INTEGER, depth: 0 }
      this.#extents = next.value
      this.#index = 0
    }
  }
}

class Draft {
  readonly #sources = new SourceList()
  readonly #pairs: Pair[] = []
  #length = 0

  get room(): number {
    return WINDOW_LIMIT - this.#length
  }

  get full(): boolean {
    return this.room <= 0 || this.#pairs.length >= PAIR_LIMIT
  }

  get window(): CompareWindow {
    return { sources: this.#sources.storages, pairs: this.#pairs, length: this.#length }
  }

  add(guest: number, left: DiskExtent, right: DiskExtent): void {
    const [leftPiece, rightPiece] = [this.#piece(guest, left), this.#piece(guest, right)]
    this.#pairs.push({
      guest,
      length: left.length,
      ...(leftPiece && { left: leftPiece }),
      ...(rightPiece && { right: rightPiece }),
    })
    this.#length += left.length
  }

  #piece(guest: number, extent: DiskExtent): Piece | undefined {
    if (extent.kind !== 'data' && extent.kind !== 'packed') return undefined
    return pieceOf(extent, guest, this.#sources.indexOf(extent.storage))
  }
}

/** Known to be equal without reading: zeros both, or the very same place of the same file. */
function sameBytes(left: DiskExtent, right: DiskExtent): boolean {
  const leftFilled = left.kind === 'data' || left.kind === 'packed'
  const rightFilled = right.kind === 'data' || right.kind === 'packed'
  if (!leftFilled || !rightFilled) return !leftFilled && !rightFilled
  if (left.storage.identity !== right.storage.identity || left.offset !== right.offset) return false
  if (left.kind === 'packed') return right.kind === 'packed' && left.skip === right.skip
  return right.kind === 'data'
}
