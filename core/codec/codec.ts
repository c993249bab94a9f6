// The compressions a disk cluster may be packed with.

import {
  constants,
  deflateRawSync,
  deflateSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'

/** `deflate` is a raw stream (RFC 1951) without header, `zlib` the same with one (RFC 1950); `zstd` is one frame. */
export type CodecId = 'deflate' | 'zlib' | 'zstd'

/**
 * Level 4 with the whole window packs a little tighter than qemu-img does (level 6, 4 KiB window) at several times its
 * speed; with a 4 KiB window Node's zlib reaches that size at no level. RFC 1951 knows no smaller window, and readers
 * that ask zlib for one (QEMU, systemd) unpack a cluster into one buffer, where zlib never looks at its window.
 */
const DEFLATE_LEVEL = 4
const DEFLATE_WINDOW_BITS = 15
const ZSTD_LEVEL = 3

/** No single byte of input makes a decoder put out more than this: a zstd block at most. */
const LARGEST_STEP = 128 * 1024
const SMALLEST_CHUNK = 64

/** The packed bytes, or undefined when they would not be fewer. `level` is the codec's own scale. */
export function pack(codec: CodecId, bytes: Uint8Array, level?: number): Uint8Array | undefined {
  return packInto(codec, bytes, Math.max(1, bytes.length - 1), level)
}

/** The packed bytes, however many: at most largestPacked(). */
export function packAlways(codec: CodecId, bytes: Uint8Array, level?: number): Uint8Array {
  const packed = packInto(codec, bytes, largestPacked(bytes.length), level)
  if (packed) return packed
  throw new RangeError(`${bytes.length} bytes became more than ${largestPacked(bytes.length)} when they were packed`)
}

/** What `length` bytes that cannot be packed at all become when they are. */
export function largestPacked(length: number): number {
  return length + Math.ceil(length / 1024) + 64
}

function packInto(codec: CodecId, bytes: Uint8Array, limit: number, level?: number): Uint8Array | undefined {
  const room = {
    maxOutputLength: limit,
    // Most blocks pack to less than half: one piece of memory, and not twice what is needed.
    chunkSize: Math.max(SMALLEST_CHUNK, Math.ceil(bytes.length / 2)),
  }
  try {
    return codec === 'zstd'
      ? zstdCompressSync(bytes, {
          ...room,
          params: { [constants.ZSTD_c_compressionLevel]: level ?? ZSTD_LEVEL },
          pledgedSrcSize: bytes.length,
        })
      : (codec === 'zlib' ? deflateSync : deflateRawSync)(bytes, {
          ...room,
          level: level ?? DEFLATE_LEVEL,
          windowBits: DEFLATE_WINDOW_BITS,
        })
  } catch (error) {
    if (isTooLarge(error)) return undefined
    throw error
  }
}

/**
 * Unpacks exactly `length` bytes and ignores what follows them, be it more output or no stream at all. Undefined when
 * the stream is damaged or too short before that. Never holds more than `length` plus one block.
 */
export function unpack(codec: CodecId, packed: Uint8Array, length: number): Uint8Array | undefined {
  const bytes = unpackUpTo(codec, packed, length)
  if (bytes?.length === length) return bytes
  return bytes ? undefined : unpackBeginning(codec, packed, length)
}

/** What the stream yields, if that is not more than `limit` bytes; undefined when it is, and when it is damaged. */
function unpackUpTo(codec: CodecId, packed: Uint8Array, limit: number): Uint8Array | undefined {
  // One byte more than allowed in one piece: the decoder is called once, and sees at once when there is too much.
  const room = { maxOutputLength: limit, chunkSize: Math.max(SMALLEST_CHUNK, limit + 1) }
  try {
    return codec === 'zstd'
      ? zstdDecompressSync(packed, { ...room, finishFlush: constants.ZSTD_e_continue })
      : (codec === 'zlib' ? inflateSync : inflateRawSync)(packed, { ...room, finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return undefined
  }
}

/**
 * For streams that go on, or break, after `length` bytes: rare, and allowed. Node's decoder cannot be stopped in the
 * middle, so a beginning of the input is searched for that yields enough and no complaint.
 */
function unpackBeginning(codec: CodecId, packed: Uint8Array, length: number): Uint8Array | undefined {
  let good = 0
  let bad = packed.length + 1
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    const bytes = unpackUpTo(codec, packed.subarray(0, middle), length + LARGEST_STEP)
    if (bytes && bytes.length >= length) return bytes.subarray(0, length)
    if (bytes) good = middle
    else bad = middle
  }
  return undefined
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
