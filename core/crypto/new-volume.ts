// A new encrypted volume under a passphrase the user has been asked for.

import { SpindleError } from '../model/error.ts'
import { headerDigest } from './header-digest.ts'
import { keyPart } from './luks1-header.ts'
import { NewLuks1 } from './luks1-new.ts'
import type { Luks1Design } from './luks1-new.ts'
import type { Secrets } from './secrets.ts'

/** Each of `ids` names a secret; for an empty one someone is asked. What is made is kept open for who wants to read it back. */
export async function newVolume(
  design: Luks1Design,
  path: string,
  secrets: Secrets | undefined,
  ids: readonly string[],
): Promise<NewLuks1> {
  const passphrases: Uint8Array[] = []
  try {
    for (const id of ids) passphrases.push(await newPassphrase(path, secrets, id))
    const volume = await NewLuks1.prepare(design, passphrases)
    secrets?.keepVolumeKey(headerDigest(keyPart(volume.header)), volume.key)
    volume.key.fill(0)
    return volume
  } finally {
    for (const passphrase of passphrases) passphrase.fill(0)
  }
}

async function newPassphrase(path: string, secrets: Secrets | undefined, id: string): Promise<Uint8Array> {
  const passphrase = await secrets?.passphrase({ path, purpose: 'new', attempt: 0, ...(id !== '' && { id }) })
  if (passphrase && passphrase.length > 0) return passphrase
  if (id !== '' && !passphrase)
    throw new SpindleError('invalid-argument', `There is no secret with the id “${id}”. Nothing was written.`)
  throw new SpindleError(
    'invalid-argument',
    'An encrypted image needs a passphrase, and none was given. Nothing was written.',
  )
}
