// Encrypting and decrypting sectors in place: one interface for every cipher and mode that images use.

import { SpindleError, assertNever } from '../model/error.ts'
import { Aes } from './aes.ts'
import { CbcCipher } from './cbc.ts'
import { printedCipher } from './cipher-name.ts'
import type { CipherName } from './cipher-name.ts'
import { EcbCipher } from './ecb.ts'
import { hashOf } from './hash.ts'
import { SECTOR } from './luks1-layout.ts'
import { XtsCipher } from './xts.ts'
import { essivVectors, plainVectors } from './vectors.ts'
import type { Vectors } from './vectors.ts'

/** `sector` is the number of the first sector in `data`, which is whole sectors long and changed in place. */
export interface SectorCipher {
  encrypt(sector: number, data: Uint8Array): void
  decrypt(sector: number, data: Uint8Array): void
}

/** Throws `unsupported` for ciphers that Spindle has no part for. */
export function sectorCipher(name: CipherName, key: Uint8Array, sectorSize = SECTOR): SectorCipher {
  const keySizes = name.mode === 'xts' ? [32, 48, 64] : [16, 24, 32]
  if (name.algorithm !== 'aes' || !keySizes.includes(key.length)) throw unknownCipher(printedCipher(name), key.length)
  switch (name.mode) {
    case 'xts': {
      const half = key.length / 2
      return new XtsCipher(
        new Aes(key.subarray(0, half)),
        new Aes(key.subarray(half)),
        vectorsOf(name, key),
        sectorSize,
      )
    }
    case 'cbc':
      return new CbcCipher(key, vectorsOf(name, key), sectorSize)
    case 'ecb':
      return new EcbCipher(new Aes(key))
    default:
      return assertNever(name.mode)
  }
}

/** `printed` comes from a header: whatever it says, it is shown as text. */
export function unknownCipher(printed: string, keyBytes: number): SpindleError {
  return new SpindleError(
    'unsupported',
    `Spindle does not know the cipher “${printed.replaceAll(/[^\w:-]/g, '?')}” with a key of ${keyBytes * 8} bits. It knows AES with 128, 192 or 256 bits in the modes xts, cbc and ecb.`,
  )
}

function vectorsOf({ vectors, vectorHash }: CipherName, key: Uint8Array): Vectors {
  switch (vectors) {
    case 'essiv': {
      const salt = hashOf(vectorHash ?? 'sha256', key)
      if (![16, 24, 32].includes(salt.length))
        throw new SpindleError('unsupported', `There is no ESSIV with ${vectorHash}: no AES key is that long.`)
      return essivVectors(new Aes(salt))
    }
    case 'plain':
      return plainVectors('32 bits')
    case 'plain64':
    case undefined:
      return plainVectors('64 bits')
    default:
      return assertNever(vectors)
  }
}
