// The encryption qcow images had before LUKS: AES-CBC keyed by the bytes of the passphrase themselves. For reading only.

import { CbcCipher } from './cbc.ts'
import { SECTOR } from './luks1-layout.ts'
import type { SectorCipher } from './sector-cipher.ts'
import type { Secrets } from './secrets.ts'
import { plainVectors } from './vectors.ts'
import { locked } from './volume.ts'

const KEY_SIZE = 16

/** Whether the passphrase is right cannot be known: another one gives other bytes. Throws `locked` when there is none. */
export async function legacyCipher(path: string, secrets: Secrets | undefined): Promise<SectorCipher> {
  const key = secrets?.volumeKey(`aes ${path}`) ?? (await keyOf(path, secrets))
  try {
    return new CbcCipher(key, plainVectors('64 bits'), SECTOR)
  } finally {
    key.fill(0)
  }
}

async function keyOf(path: string, secrets: Secrets | undefined): Promise<Uint8Array> {
  const passphrase = await secrets?.passphrase({ path, purpose: 'unlock', attempt: 0 })
  if (!secrets || !passphrase) throw locked(path)
  const key = new Uint8Array(KEY_SIZE)
  key.set(passphrase.subarray(0, KEY_SIZE))
  passphrase.fill(0)
  // There is no header to know it by.
  secrets.keepVolumeKey(`aes ${path}`, key)
  return key
}
