// Reading the header of an encrypted volume, whichever version it has.

import type { Storage } from '../storage/storage.ts'
import type { HeaderPlace } from './luks1-header.ts'
import { luks1Volume } from './luks1-volume.ts'
import { LUKS1_HEADER } from './luks1-layout.ts'
import { luks2Volume } from './luks2-volume.ts'
import type { Volume } from './volume.ts'

/** Throws `invalid-image` for a header that breaks the rules. Closes nothing. */
export async function openVolume(storage: Storage, place: HeaderPlace): Promise<Volume> {
  const { offset, size } = LUKS1_HEADER.fields.version
  const version = new Uint8Array(size)
  await storage.read(place.offset + offset, version)
  return version[0] === 0 && version[1] === 2 ? luks2Volume(storage, place) : luks1Volume(storage, place)
}
