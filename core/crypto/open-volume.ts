// Reading the header of an encrypted volume, whichever version it has.

import type { Storage } from '../storage/storage.ts'
import type { HeaderPlace } from './luks1-header.ts'
import { luks1Volume } from './luks1-volume.ts'
import type { Volume } from './volume.ts'

/** Throws `invalid-image` for a header that breaks the rules. Closes nothing. */
export async function openVolume(storage: Storage, place: HeaderPlace): Promise<Volume> {
  return luks1Volume(storage, place)
}
