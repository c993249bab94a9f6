// The compressions whole files come in, unpacked front to back.

import { createGunzip, createZstdDecompress } from 'node:zlib'
import { Readable } from 'node:stream'
import { SpindleError } from '../model/error.ts'
import { MiB } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'

export type Packing = 'gzip' | 'xz' | 'zstd'

interface PackingFacts {
  readonly packing: Packing
  readonly extensions: readonly string[]
  readonly signature: readonly number[]
}

const PACKINGS: readonly PackingFacts[] = [
  { packing: 'gzip', extensions: ['.gz', '.tgz'], signature: [0x1f, 0x8b, 0x08] },
  { packing: 'xz', extensions: ['.xz', '.txz'], signature: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { packing: 'zstd', extensions: ['.zst', '.zstd'], signature: [0x28, 0xb5, 0x2f, 0xfd] },
]

/**
 * The packing that both the name and the first bytes speak of. Either alone is not enough: what a guest writes at the
 * start of its raw disk must not decide how the disk is read.
 */
export function packingOf(name: string, head: Uint8Array): Packing | undefined {
  const lower = name.toLowerCase()
  return PACKINGS.find(
    ({ extensions, signature }) =>
      extensions.some((extension) => lower.endsWith(extension)) &&
      signature.every((byte, index) => head[index] === byte),
  )?.packing
}

/** The unpacked bytes from the start, in pieces. Throws `invalid-image` where the stream is damaged. */
export async function* unpackedPieces(packed: Storage, packing: Packing): AsyncGenerator<Uint8Array> {
  try {
    yield* packing === 'xz' ? xzPieces(packed) : zlibPieces(packed, packing)
  } catch (error) {
    if (error instanceof SpindleError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new SpindleError(
      'invalid-image',
      `${packed.name} cannot be unpacked to its end: the ${packing} stream is damaged or cut off (${why}). Nothing was changed. Fetch the file again.`,
      { path: packed.name, cause: error },
    )
  }
}

async function* zlibPieces(packed: Storage, packing: 'gzip' | 'zstd'): AsyncGenerator<Uint8Array> {
  const options = { chunkSize: MiB, highWaterMark: MiB }
  const unpacking = packing === 'gzip' ? createGunzip(options) : createZstdDecompress(options)
  const input = Readable.from(pieces(packed), { objectMode: false, highWaterMark: MiB })
  // Without this a fault of the reader would never reach whoever waits for the unpacked bytes.
  input.on('error', (error) => unpacking.destroy(error))
  try {
    yield* input.pipe(unpacking) as AsyncIterable<Uint8Array>
  } finally {
    input.destroy()
    unpacking.destroy()
  }
}

async function* xzPieces(packed: Storage): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = await import('xz-decompress')
  const reader = new XzReadableStream(ReadableStream.from(pieces(packed))).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

async function* pieces(packed: Storage): AsyncGenerator<Uint8Array> {
  const size = await packed.size()
  for (let offset = 0; offset < size; offset += MiB) {
    const piece = new Uint8Array(Math.min(MiB, size - offset))
    await packed.read(offset, piece)
    yield piece
  }
}
