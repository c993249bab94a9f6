// An encrypted volume whose header was read: what can be said of it while it is locked, and unlocking it.

import { headerDigest } from './header-digest.ts'
import { SpindleError } from '../model/error.ts'
import type { CipherPlace } from './cipher-storage.ts'
import type { SectorCipher } from './sector-cipher.ts'
import type { Secrets } from './secrets.ts'

export interface Volume {
  readonly version: 1 | 2
  /** As info prints it. */
  readonly details: Record<string, unknown>
  /** Where the encrypted bytes are, from the start of the header. */
  readonly payload: CipherPlace & { readonly start: number }
  /** Throws `locked` when nobody knows the passphrase, `unsupported` for a cipher Spindle has no part for. */
  unlock(secrets: Secrets | undefined, id?: string): Promise<SectorCipher>
}

/** What a header asks for, in rounds of its hash, past which the user is asked first: about two minutes. */
const MOST_ROUNDS = 2 ** 28
/** Of a machine that is neither old nor new. */
const ROUNDS_PER_SECOND = 2e6

/** How one kind of header finds its key. */
export interface Lock {
  readonly path: string
  /** All bytes that decide what the key is. */
  readonly header: Uint8Array
  /** Rounds of the hash that trying one passphrase takes at most. */
  readonly rounds: number
  /** Undefined when the passphrase is wrong. */
  tryPassphrase(passphrase: Uint8Array): Promise<Uint8Array | undefined>
}

/** The volume's key, which the caller overwrites after use. */
export async function findKey(lock: Lock, secrets: Secrets | undefined, id?: string): Promise<Uint8Array> {
  const { path, rounds } = lock
  const digest = headerDigest(lock.header)
  const known = secrets?.volumeKey(digest)
  if (known) return known
  if (!secrets) throw locked(path)
  for (let attempt = 0; ; attempt += 1) {
    const passphrase = await secrets.passphrase({ path, purpose: 'unlock', attempt, ...(id !== undefined && { id }) })
    if (!passphrase) throw attempt === 0 ? locked(path) : wrong(path)
    try {
      if (rounds > MOST_ROUNDS && !(await secrets.mayTake(path, Math.ceil(rounds / ROUNDS_PER_SECOND))))
        throw tooMuch(path, rounds)
      const key = await lock.tryPassphrase(passphrase)
      if (!key) continue
      secrets.keepVolumeKey(digest, key)
      return key
    } finally {
      passphrase.fill(0)
    }
  }
}

export function locked(path: string): SpindleError {
  return new SpindleError(
    'locked',
    `${path} is encrypted, and without its passphrase nothing in it can be read. Nothing was changed. Give the passphrase to open it.`,
    { path },
  )
}

function wrong(path: string): SpindleError {
  return new SpindleError(
    'locked',
    `${path} is encrypted, and the passphrase given does not open it. Nothing was changed. Check the passphrase and try again.`,
    { path },
  )
}

function tooMuch(path: string, rounds: number): SpindleError {
  const minutes = Math.ceil(rounds / ROUNDS_PER_SECOND / 60)
  return new SpindleError(
    'locked',
    `The header of ${path} asks for more work to try a passphrase than is usual: about ${minutes} minutes. It may be damaged, or made to keep this machine busy. Nothing was changed. Allow it if you trust where the file is from.`,
    { path },
  )
}
