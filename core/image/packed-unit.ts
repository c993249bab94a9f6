// Reading one packed unit whole.

import { unpack } from '../codec/codec.ts'
import { SpindleError } from '../model/error.ts'
import { readPadded } from '../storage/storage.ts'
import type { PackedExtent } from './extent.ts'

/** What of a packed extent says where its unit is. */
export type PackedUnit = Pick<PackedExtent, 'storage' | 'offset' | 'packedLength' | 'codec' | 'unpackedLength'>

/** All `unpackedLength` bytes of the unit. Throws `invalid-image` when the stream is damaged. */
export async function readUnit(unit: PackedUnit): Promise<Uint8Array> {
  const packed = new Uint8Array(unit.packedLength)
  await readPadded(unit.storage, unit.offset, packed)
  const bytes = unpack(unit.codec, packed, unit.unpackedLength)
  if (bytes) return bytes
  const { name } = unit.storage
  throw new SpindleError(
    'invalid-image',
    `A compressed cluster of ${name} at offset ${unit.offset} is damaged and cannot be unpacked. Nothing was changed; data outside of it can still be read.`,
    { path: name, offset: unit.offset },
  )
}
