// Cutting a disk into windows: stretches of data small enough to be worked on by one thread at a time.

import type { Pace } from '../jobs/pace.ts'
import { MiB } from '../model/units.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { sliceExtent } from '../image/extent.ts'
import type { Storage } from '../storage/storage.ts'
import { SourceList, pieceOf } from './piece.ts'
import type { FilledExtent, Piece } from './piece.ts'

/** Whole blocks of the target: no two windows touch the same one. Holds only what has bytes somewhere. */
export interface CopyWindow {
  readonly sources: readonly Storage[]
  /** Ascending by guest offset. */
  readonly pieces: readonly Piece[]
  /** Guest bytes in the pieces. */
  readonly length: number
}

/** Bytes copied without passing through a buffer. */
const PLAIN_LIMIT = 8 * MiB
/** Bytes that are unpacked or packed, and so held in memory until they are written. */
const BUFFERED_LIMIT = MiB
/** Pieces cost time to send to a thread. */
const PIECE_LIMIT = 2048

export interface CutOptions {
  /** Bytes; windows end on multiples of it. */
  readonly blockSize: number
  /** Whether everything passes through a buffer, block by block. */
  readonly buffered: boolean
  readonly pace?: Pace | undefined
}

export async function* windowsOf(disk: VirtualDisk, options: CutOptions): AsyncGenerator<CopyWindow> {
  const { blockSize, pace } = options
  let draft = new Draft(options)
  let position = 0
  for await (const extents of disk.extents()) {
    // No bytes, but a chance to cancel: a hole of a terabyte is many answers long.
    await pace?.(0)
    for (const extent of extents) {
      const start = position
      position += extent.length
      if (extent.kind !== 'data' && extent.kind !== 'packed') continue
      for (let at = start; at < position;) {
        if (draft.full && Math.floor(at / blockSize) > Math.floor((draft.end - 1) / blockSize)) {
          yield draft.window
          draft = new Draft(options)
        }
        const length = Math.min(position - at, draft.roomAt(at, extent))
        draft.add(sliceExtent(extent, at - start, length), at)
        at += length
      }
    }
  }
  if (draft.window.length > 0) yield draft.window
}

class Draft {
  readonly #options: CutOptions
  readonly #sources = new SourceList()
  readonly #pieces: Piece[] = []
  #length = 0
  /** How much of what a window may be is used up; 1 is all. */
  #used = 0
  /** Guest offset behind the last piece. */
  end = 0

  constructor(options: CutOptions) {
    this.#options = options
  }

  get full(): boolean {
    return this.#used >= 1
  }

  get window(): CopyWindow {
    return { sources: this.#sources.storages, pieces: this.#pieces, length: this.#length }
  }

  /** Bytes to add next, up to the end of a block. A packed unit is not cut: it would be unpacked twice. */
  roomAt(guest: number, extent: FilledExtent): number {
    if (extent.kind === 'packed') return extent.length
    const { blockSize, buffered } = this.#options
    const limit = buffered ? BUFFERED_LIMIT : PLAIN_LIMIT
    const room = Math.max(0, 1 - this.#used) * limit
    return (Math.floor((guest + room) / blockSize) + 1) * blockSize - guest
  }

  add(extent: FilledExtent, guest: number): void {
    const { blockSize, buffered } = this.#options
    const { length } = extent
    // When blocks are packed, one byte in a block takes a whole block of the buffer.
    const from = buffered ? Math.max(Math.floor(guest / blockSize) * blockSize, this.#blockEnd()) : guest
    const to = buffered ? Math.ceil((guest + length) / blockSize) * blockSize : guest + length
    const limit = buffered || extent.kind === 'packed' ? BUFFERED_LIMIT : PLAIN_LIMIT
    this.#used += (to - from) / limit + 1 / PIECE_LIMIT
    this.#length += length
    this.end = guest + length
    const piece = pieceOf(extent, guest, this.#sources.indexOf(extent.storage))
    const last = this.#pieces.at(-1)
    if (last && continues(last, piece)) this.#pieces[this.#pieces.length - 1] = joined(last, piece)
    else this.#pieces.push(piece)
  }

  #blockEnd(): number {
    const { blockSize } = this.#options
    return Math.ceil(this.end / blockSize) * blockSize
  }
}

function continues(last: Piece, next: Piece): boolean {
  return (
    !last.packed &&
    !next.packed &&
    last.source === next.source &&
    last.guest + last.length === next.guest &&
    last.offset + last.length === next.offset
  )
}

function joined(last: Piece, next: Piece): Piece {
  return { ...last, length: last.length + next.length }
}
