// CBC, each sector a chain of its own.

import { createCipheriv } from 'node:crypto'
import type { Cipheriv } from 'node:crypto'
import { Aes, BLOCK } from './aes.ts'
import { SECTOR } from './luks1-layout.ts'
import type { SectorCipher } from './sector-cipher.ts'
import type { Vectors } from './vectors.ts'
import { bytesOf, inWords, wordsOf, xorInto } from './words.ts'

/** Bytes worked on at once. */
const STEP = 64 * 1024

export class CbcCipher implements SectorCipher {
  readonly #aes: Aes
  /** One chain over everything that is ever encrypted: making a new one for each sector would cost more than the cipher. */
  readonly #chain: Cipheriv
  readonly #vectors: Vectors
  readonly #sectorSize: number
  /** The block it will mix into the next one. */
  readonly #last = new Uint8Array(BLOCK)

  constructor(key: Uint8Array, vectors: Vectors, sectorSize: number) {
    this.#aes = new Aes(key)
    this.#chain = createCipheriv(`aes-${key.length * 8}-cbc`, key, this.#last).setAutoPadding(false)
    this.#vectors = vectors
    this.#sectorSize = sectorSize
  }

  encrypt(sector: number, data: Uint8Array): void {
    const size = this.#sectorSize
    const count = data.length / size
    const vectors = bytesOf(this.#vectors(sector, count, size / SECTOR))
    for (let index = 0; index < count; index += 1) {
      const part = data.subarray(index * size, (index + 1) * size)
      // What the chain would mix in is taken out beforehand, and the sector's own vector put in.
      for (let at = 0; at < BLOCK; at += 1)
        part[at] = (part[at] ?? 0) ^ (this.#last[at] ?? 0) ^ (vectors[index * BLOCK + at] ?? 0)
      part.set(this.#chain.update(part))
      this.#last.set(part.subarray(-BLOCK))
    }
  }

  decrypt(sector: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; done += STEP)
      this.#decryptPart(sector + done / SECTOR, data.subarray(done, done + STEP))
  }

  #decryptPart(sector: number, part: Uint8Array): void {
    const size = this.#sectorSize
    const count = part.length / size
    const vectors = this.#vectors(sector, count, size / SECTOR)
    // Each block is mixed with the one before it, as that was on disk.
    const before = new Uint8Array(part.length)
    before.set(part.subarray(0, -BLOCK), BLOCK)
    for (let index = 0; index < count; index += 1)
      before.set(bytesOf(vectors.subarray(index * 4, index * 4 + 4)), index * size)
    const result = this.#aes.decrypt(part)
    inWords(result, (words) => xorInto(words, wordsOf(before)))
    part.set(result)
  }
}
