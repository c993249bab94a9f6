// The compressions a disk cluster may be packed with.

import { constants, inflateRawSync, zstdDecompressSync } from 'node:zlib'

/** `deflate` is a raw stream (RFC 1951) without header; `zstd` is one frame. */
export type CodecId = 'deflate' | 'zstd'

/**
 * Unpacks exactly `length` bytes and ignores what follows them. Undefined when the stream is damaged or too short.
 * Never allocates more than `length` plus one block.
 */
export function unpack(codec: CodecId, packed: Uint8Array, length: number): Uint8Array | undefined {
  try {
    const bytes =
      codec === 'deflate'
        ? inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: length })
        : zstdDecompressSync(packed, { finishFlush: constants.ZSTD_e_continue, maxOutputLength: length })
    return bytes.length === length ? bytes : undefined
  } catch {
    return undefined
  }
}
