// Where the bytes of a guest range are: the one answer every format gives.

import type { CodecId } from '../codec/codec.ts'
import type { Storage } from '../storage/storage.ts'

/** Lengths in guest bytes. */
export type Extent =
  /** Plain bytes of `storage` from `offset` on; what lies past its end reads as zeros. */
  | { readonly kind: 'data'; readonly length: number; readonly storage: Storage; readonly offset: number }
  /** Zeros, whatever lies below. `offset` when room for it is reserved in `storage`. */
  | { readonly kind: 'zero'; readonly length: number; readonly storage?: Storage; readonly offset?: number }
  /** This layer has nothing here: ask the one below; at the bottom, zeros. `offset` as for zeros. */
  | { readonly kind: 'hole'; readonly length: number; readonly storage?: Storage; readonly offset?: number }
  /** Part of one packed unit. */
  | PackedExtent

export interface PackedExtent {
  readonly kind: 'packed'
  readonly length: number
  readonly storage: Storage
  /** Where the stream starts. */
  readonly offset: number
  /** Bytes that may belong to the stream; a decoder stops once `unpackedLength` are out. */
  readonly packedLength: number
  readonly codec: CodecId
  /** Bytes the whole unit unpacks to; anything shorter is damage. */
  readonly unpackedLength: number
  /** Where in the unpacked unit this extent starts. */
  readonly skip: number
}

/** The same extent without its first `skip` bytes and cut to `length`. */
export function sliceExtent<E extends Extent>(extent: E, skip: number, length: number): E {
  if (skip === 0 && length === extent.length) return extent
  switch (extent.kind) {
    case 'data':
      return { ...extent, length, offset: extent.offset + skip }
    case 'zero':
    case 'hole':
      return extent.offset === undefined ? { ...extent, length } : { ...extent, length, offset: extent.offset + skip }
    case 'packed':
      return { ...extent, length, skip: extent.skip + skip }
    default:
      return { ...extent, length }
  }
}
