// A volume under a LUKS header of version 1.

import { SpindleError } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import type { CipherName } from './cipher-name.ts'
import { hashSize } from './hash.ts'
import { describeLuks1, encodeLuks1, isOn, keyPart, readLuks1 } from './luks1-header.ts'
import type { HeaderPlace, Luks1Header } from './luks1-header.ts'
import { SECTOR } from './luks1-layout.ts'
import { openSlot } from './luks1-keys.ts'
import { sectorCipher, unknownCipher } from './sector-cipher.ts'
import { findKey } from './volume.ts'
import type { Volume } from './volume.ts'

export async function luks1Volume(storage: Storage, place: HeaderPlace): Promise<Volume> {
  const header = await readLuks1(storage, place)
  return {
    version: 1,
    details: describeLuks1(header),
    payload: { start: header.fields.payload_offset * SECTOR },
    unlock: async (secrets, id) => {
      const cipher = knownCipher(header, storage.name)
      const key = await findKey(
        {
          path: storage.name,
          header: keyPart(encodeLuks1(header)),
          rounds: roundsOf(header),
          tryPassphrase: async (passphrase) => (await openSlot(storage, place, { ...header, cipher }, passphrase))?.key,
        },
        secrets,
        id,
      )
      try {
        return sectorCipher(cipher, key)
      } finally {
        key.fill(0)
      }
    },
  }
}

/** Throws `unsupported`, before anyone is asked for a passphrase. */
export function knownCipher({ cipher, fields }: Luks1Header, path: string): CipherName {
  try {
    hashSize(fields.hash_spec)
    if (!cipher) throw unknownCipher(`${fields.cipher_name}-${fields.cipher_mode}`, fields.key_bytes)
    sectorCipher(cipher, new Uint8Array(fields.key_bytes))
    return cipher
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    throw new SpindleError(error.code, `${path} cannot be unlocked: ${error.message} Nothing was changed.`, { path })
  }
}

function roundsOf({ fields, slots }: Luks1Header): number {
  const pieces = Math.ceil(fields.key_bytes / hashSize(fields.hash_spec))
  return slots.filter(isOn).reduce((sum, { iterations }) => sum + iterations * pieces + fields.key_digest_iterations, 0)
}
