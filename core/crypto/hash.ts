// Hashes, and keys from passphrases by PBKDF2 with as many rounds as were asked for, or as take a given time.

import { createHash, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { SpindleError } from '../model/error.ts'

/** By the names LUKS has for them, with the bytes each one gives. */
const SIZES: ReadonlyMap<string, number> = new Map([
  ['sha1', 20],
  ['sha224', 28],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
  ['ripemd160', 20],
])

/** Fewer rounds are never used for anything new. */
const LEAST_ITERATIONS = 1000
/** Milliseconds a trial must take to be trusted. */
const TRIAL_TIME = 20
const MOST_TRIAL_ITERATIONS = 2 ** 24

const derive = promisify(pbkdf2)

/** Throws `unsupported` for names it does not know. */
export function hashSize(name: string): number {
  const size = SIZES.get(name)
  if (size === undefined)
    throw new SpindleError(
      'unsupported',
      `Spindle does not know the hash “${name}”. Known: ${[...SIZES.keys()].join(', ')}.`,
    )
  return size
}

export function hashOf(name: string, ...parts: readonly Uint8Array[]): Uint8Array {
  hashSize(name)
  const hash = createHash(name)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export interface Derivation {
  readonly hash: string
  readonly salt: Uint8Array
  readonly iterations: number
  /** Bytes of the key. */
  readonly length: number
}

/** Takes as long as the iterations say: they are to be held against a limit before. Does not block this thread. */
export async function derivedKey(secret: Uint8Array, how: Derivation): Promise<Uint8Array> {
  hashSize(how.hash)
  return derive(secret, how.salt, how.iterations, how.length, how.hash)
}

/** How many iterations take about `milliseconds` on this machine. */
export async function iterationsFor(milliseconds: number, hash: string, length: number): Promise<number> {
  const salt = new Uint8Array(32)
  for (let iterations = LEAST_ITERATIONS; ; iterations *= 4) {
    const started = performance.now()
    await derivedKey(salt, { hash, salt, iterations, length })
    const took = performance.now() - started
    // A short trial says little, but where little is wanted that is enough.
    if (took < TRIAL_TIME && took < milliseconds && iterations < MOST_TRIAL_ITERATIONS) continue
    return Math.max(LEAST_ITERATIONS, Math.round((iterations * milliseconds) / Math.max(took, 0.001)))
  }
}
