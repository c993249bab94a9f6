// A run of guest bytes and where they are in a file: the plain data that the copier and the comparer send to threads.

import type { CodecId } from '../codec/codec.ts'
import type { DiskExtent } from '../image/virtual-disk.ts'
import { readUnit } from '../image/packed-unit.ts'
import type { Storage } from '../storage/storage.ts'
import { readPadded } from '../storage/storage.ts'

export interface Piece {
  /** Guest offset of the first byte. */
  readonly guest: number
  readonly length: number
  /** Which of the accompanying storages. */
  readonly source: number
  /** Where in it the first byte is; for packed bytes, where their stream starts. */
  readonly offset: number
  readonly packed?: {
    readonly codec: CodecId
    readonly packedLength: number
    readonly unpackedLength: number
    /** Where in the unpacked unit the first byte is. */
    readonly skip: number
  }
}

/** Extents that have bytes in a file. */
export type FilledExtent = DiskExtent & { readonly kind: 'data' | 'packed' }

export function pieceOf(extent: FilledExtent, guest: number, source: number): Piece {
  const { length, offset } = extent
  if (extent.kind === 'data') return { guest, length, source, offset }
  const { codec, packedLength, unpackedLength, skip } = extent
  return { guest, length, source, offset, packed: { codec, packedLength, unpackedLength, skip } }
}

/** Reads guest bytes out of pieces. Keeps the unit it unpacked last: the next piece is often part of the same. */
export class PieceReader {
  readonly #sources: readonly Storage[]
  #last: { readonly piece: Piece; readonly bytes: Uint8Array } | undefined

  constructor(sources: readonly Storage[]) {
    this.#sources = sources
  }

  source(piece: Piece): Storage {
    const source = this.#sources[piece.source]
    if (!source) throw new RangeError(`there is no source ${piece.source}`)
    return source
  }

  /** Fills `into` with the bytes from guest offset `guest` on, all of which lie inside the piece. */
  async read(piece: Piece, guest: number, into: Uint8Array): Promise<void> {
    const skip = guest - piece.guest
    if (!piece.packed) {
      await readPadded(this.source(piece), piece.offset + skip, into)
      return
    }
    const unit = await this.#unit(piece, piece.packed)
    const start = piece.packed.skip + skip
    into.set(unit.subarray(start, start + into.length))
  }

  async #unit(piece: Piece, packed: NonNullable<Piece['packed']>): Promise<Uint8Array> {
    const last = this.#last
    if (last && last.piece.source === piece.source && last.piece.offset === piece.offset) return last.bytes
    const bytes = await readUnit({ ...packed, storage: this.source(piece), offset: piece.offset })
    this.#last = { piece, bytes }
    return bytes
  }
}

/** Collects the storages that pieces lie in, each once. */
export class SourceList {
  readonly storages: Storage[] = []

  indexOf(storage: Storage): number {
    const known = this.storages.indexOf(storage)
    return known >= 0 ? known : this.storages.push(storage) - 1
  }
}
