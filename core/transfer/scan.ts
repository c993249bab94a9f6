// Finding out what of a window is more than zeros, and unpacking and packing it: everything before the target is known.

import { largestPacked, pack, packAlways } from '../codec/codec.ts'
import type { CodecId } from '../codec/codec.ts'
import { KiB, roundDown, roundUp } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { SCRATCH_SIZE } from './buffers.ts'
import type { Buffers } from './buffers.ts'
import type { CopyWindow } from './copy-window.ts'
import { PieceReader } from './piece.ts'
import type { Piece } from './piece.ts'
import { isZero } from './zeros.ts'

/** What the copier needs to know of the image being built. */
export interface TargetShape {
  /** Bytes. */
  readonly blockSize: number
  /** Bytes of the whole disk: its last block may be shorter. */
  readonly diskSize: number
  /** Every block is a run of its own. */
  readonly singly?: boolean
  /** Present when blocks are to be packed. */
  readonly packing?: { readonly codec: CodecId; readonly level?: number; readonly required?: boolean }
}

/** Guest blocks that want a place. */
export interface Run {
  readonly guest: number
  /** Guest bytes. */
  readonly length: number
  /** Present for one packed block. */
  readonly packedLength?: number
}

/** Bytes to be written once their run has a place: from a file, or, without `piece`, from the buffer. */
export interface Move {
  /** Index of the run. */
  readonly run: number
  /** From the start of the run. */
  readonly skip: number
  readonly length: number
  readonly piece?: Piece
  /** In the piece's file, or in the buffer. */
  readonly offset: number
}

export interface Scan {
  readonly runs: readonly Run[]
  readonly moves: readonly Move[]
  readonly buffer: Uint8Array | undefined
}

export interface ScanTools {
  readonly buffers: Buffers
  /** Throws once the work is no longer wanted. */
  readonly check: () => void
}

/** Zeros are looked for in pieces of this size at most: a larger block may be written in parts. */
const LARGEST_GRANULE = 64 * KiB
/** Below this a look at samples costs as much as reading. */
const SMALLEST_SAMPLED = 16 * KiB
const SAMPLE = 64
/**
 * Milliseconds. Samples that take this long come from a disk, not from memory, and are a seek each: from there on the
 * window is read from end to end, which the system does ahead of us, and once only.
 */
const SLOW_STRETCH = 1

export async function scanWindow(window: CopyWindow, shape: TargetShape, tools: ScanTools): Promise<Scan> {
  const scanner = new Scanner(window, shape, tools)
  if (shape.packing) await scanner.packBlocks(shape.packing)
  else await scanner.findData()
  return scanner.result()
}

class Scanner {
  readonly #window: CopyWindow
  readonly #shape: TargetShape
  readonly #tools: ScanTools
  readonly #reader: PieceReader
  readonly #runs: Run[] = []
  readonly #moves: Move[] = []
  readonly #sample = new Uint8Array(SAMPLE)
  readonly #buffer: Uint8Array | undefined
  #buffered = 0

  constructor(window: CopyWindow, shape: TargetShape, tools: ScanTools) {
    this.#window = window
    this.#shape = shape
    this.#tools = tools
    this.#reader = new PieceReader(window.sources)
    const size = bufferSize(window, shape)
    this.#buffer = size > 0 ? tools.buffers.take(size) : undefined
  }

  result(): Scan {
    return { runs: this.#runs, moves: this.#moves, buffer: this.#buffer }
  }

  async findData(): Promise<void> {
    const granule = Math.min(this.#shape.blockSize, LARGEST_GRANULE)
    let sampling = granule >= SMALLEST_SAMPLED
    for (const piece of this.#window.pieces) {
      if (piece.packed) await this.#unpackPiece(piece, granule)
      for (const stretch of piece.packed ? [] : granulesOf(piece.guest, piece.length, SCRATCH_SIZE)) {
        const started = performance.now()
        if (sampling) await this.#sampleStretch(piece, stretch, granule)
        else await this.#readStretch(piece, stretch, granule)
        sampling &&= performance.now() - started < SLOW_STRETCH
      }
    }
  }

  async #sampleStretch(piece: Piece, stretch: GuestRange, granule: number): Promise<void> {
    for (const { guest, length } of granulesOf(stretch.guest, stretch.length, granule)) {
      this.#tools.check()
      if (this.#showsData(piece, guest, length) || !(await this.#isZero(piece, guest, length))) {
        this.#addData(piece, guest, length)
      }
    }
  }

  /** One byte that is not zero settles it, and most data has some at the start or in the middle. */
  #showsData(piece: Piece, at: number, length: number): boolean {
    const source = this.#reader.source(piece)
    const offset = piece.offset + (at - piece.guest)
    const middle = offset + roundDown(length / 2, SAMPLE)
    // What lies behind a shorter piece is not its own.
    const sample = length < SAMPLE ? this.#sample.subarray(0, length) : this.#sample
    return sampleShowsData(source, offset, sample) || sampleShowsData(source, middle, sample)
  }

  async #isZero(piece: Piece, at: number, length: number): Promise<boolean> {
    const bytes = this.#tools.buffers.scratch.subarray(0, length)
    await this.#reader.read(piece, at, bytes)
    return isZero(bytes)
  }

  async #readStretch(piece: Piece, stretch: GuestRange, granule: number): Promise<void> {
    this.#tools.check()
    const bytes = this.#tools.buffers.scratch.subarray(0, stretch.length)
    await this.#reader.read(piece, stretch.guest, bytes)
    for (const { guest, length } of granulesOf(stretch.guest, stretch.length, granule)) {
      const start = guest - stretch.guest
      if (!isZero(bytes.subarray(start, start + length))) this.#addData(piece, guest, length)
    }
  }

  async #unpackPiece(piece: Piece, granule: number): Promise<void> {
    this.#tools.check()
    const start = this.#buffered
    const bytes = this.#room(piece.length)
    await this.#reader.read(piece, piece.guest, bytes)
    for (const part of granulesOf(piece.guest, piece.length, granule)) {
      const skip = part.guest - piece.guest
      if (isZero(bytes.subarray(skip, skip + part.length))) continue
      this.#add(part.guest, { length: part.length, offset: start + skip })
    }
  }

  /** Each block that is not all zero is put together, packed, and kept in the buffer. */
  async packBlocks(packing: NonNullable<TargetShape['packing']>): Promise<void> {
    const { blockSize, diskSize } = this.#shape
    const { pieces } = this.#window
    const block = this.#tools.buffers.take(blockSize)
    const bytes = block.subarray(0, blockSize)
    for (let index = 0, guest = roundDown(pieces[0]?.guest ?? 0, blockSize); index < pieces.length;) {
      this.#tools.check()
      index = await this.#assemble(index, guest, bytes)
      if (!isZero(bytes)) {
        const length = Math.min(blockSize, diskSize - guest)
        const { codec, level, required } = packing
        const packed = required === true ? packAlways(codec, bytes, level) : pack(codec, bytes, level)
        const kept = packed ?? bytes.subarray(0, length)
        const offset = this.#buffered
        this.#room(kept.length).set(kept)
        this.#runs.push(packed ? { guest, length, packedLength: packed.length } : { guest, length })
        this.#moves.push({ run: this.#runs.length - 1, skip: 0, length: kept.length, offset })
      }
      const next = pieces[index]
      guest = next ? Math.max(guest + blockSize, roundDown(next.guest, blockSize)) : guest + blockSize
    }
    this.#tools.buffers.give(block)
  }

  /** Fills the block from the pieces in it, zeros between them. Returns the index of the first piece that goes beyond. */
  async #assemble(first: number, guest: number, bytes: Uint8Array): Promise<number> {
    const { pieces } = this.#window
    const end = guest + bytes.length
    let filled = guest
    for (let index = first; ; index += 1) {
      const piece = pieces[index]
      const from = piece ? Math.max(piece.guest, guest) : end
      if (!piece || from >= end) {
        bytes.fill(0, filled - guest)
        return index
      }
      bytes.fill(0, filled - guest, from - guest)
      const to = Math.min(piece.guest + piece.length, end)
      await this.#reader.read(piece, from, bytes.subarray(from - guest, to - guest))
      filled = to
      if (piece.guest + piece.length > end) return index
    }
  }

  #addData(piece: Piece, guest: number, length: number): void {
    this.#add(guest, { length, piece, offset: piece.offset + (guest - piece.guest) })
  }

  /** A granule that is not all zero: its blocks want a place, and itself is to be moved there. */
  #add(guest: number, what: Pick<Move, 'length' | 'piece' | 'offset'>): void {
    const { blockSize, diskSize, singly } = this.#shape
    const start = roundDown(guest, blockSize)
    const end = Math.min(roundUp(guest + what.length, blockSize), diskSize)
    const last = this.#runs.at(-1)
    // A granule is no longer than a block, so it is in one.
    const reach = singly === true ? start + 1 : start
    if (last && last.guest + last.length >= reach) {
      this.#runs[this.#runs.length - 1] = { guest: last.guest, length: end - last.guest }
    } else {
      this.#runs.push({ guest: start, length: end - start })
    }
    const run = this.#runs.length - 1
    const skip = guest - (this.#runs[run]?.guest ?? 0)
    const before = this.#moves.at(-1)
    if (
      before?.run === run &&
      before.skip + before.length === skip &&
      before.piece?.source === what.piece?.source &&
      before.offset + before.length === what.offset
    ) {
      this.#moves[this.#moves.length - 1] = { ...before, length: before.length + what.length }
    } else {
      this.#moves.push({ run, skip, ...what })
    }
  }

  /** The next `length` bytes of the buffer. */
  #room(length: number): Uint8Array {
    const start = this.#buffered
    this.#buffered += length
    if (!this.#buffer || this.#buffered > this.#buffer.length) throw new RangeError('a window outgrew its buffer')
    return this.#buffer.subarray(start, start + length)
  }
}

function bufferSize(window: CopyWindow, shape: TargetShape): number {
  const { blockSize, packing } = shape
  let size = 0
  let blockEnd = 0
  for (const piece of window.pieces) {
    const end = piece.guest + piece.length
    if (shape.packing) {
      size += Math.max(0, roundUp(end, blockSize) - Math.max(roundDown(piece.guest, blockSize), blockEnd))
      blockEnd = roundUp(end, blockSize)
    } else if (piece.packed) {
      size += piece.length
    }
  }
  return packing?.required === true ? (size / blockSize) * largestPacked(blockSize) : size
}

interface GuestRange {
  readonly guest: number
  readonly length: number
}

function* granulesOf(guest: number, length: number, granule: number): Generator<GuestRange> {
  const end = guest + length
  for (let at = guest; at < end;) {
    const step = Math.min(roundDown(at, granule) + granule, end) - at
    yield { guest: at, length: step }
    at += step
  }
}

/** False also where the file cannot be read at once: then all of it is looked at. */
function sampleShowsData(source: Storage, offset: number, sample: Uint8Array): boolean {
  const count = source.readNow?.(offset, sample) ?? 0
  for (let index = 0; index < count; index += 1) if (sample[index] !== 0) return true
  return false
}
