// AES on any number of 16-byte blocks at once, each by itself: what all the modes are made of.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Cipheriv, Decipheriv } from 'node:crypto'

export const BLOCK = 16

/** One call for many blocks costs little more than the cipher itself; a call for each sector would cost several times that. */
export class Aes {
  readonly #encryptor: Cipheriv
  readonly #decryptor: Decipheriv

  /** `key` is 16, 24 or 32 bytes. */
  constructor(key: Uint8Array) {
    const name = `aes-${key.length * 8}-ecb`
    this.#encryptor = createCipheriv(name, key, null).setAutoPadding(false)
    this.#decryptor = createDecipheriv(name, key, null).setAutoPadding(false)
  }

  /** Whole blocks, into new memory. */
  encrypt(blocks: Uint8Array): Uint8Array {
    return this.#encryptor.update(blocks)
  }

  decrypt(blocks: Uint8Array): Uint8Array {
    return this.#decryptor.update(blocks)
  }
}
