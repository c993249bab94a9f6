// ECB: every block by itself, equal ones equal on disk. For images that were made so.

import type { Aes } from './aes.ts'
import type { SectorCipher } from './sector-cipher.ts'

export class EcbCipher implements SectorCipher {
  readonly #aes: Aes

  constructor(aes: Aes) {
    this.#aes = aes
  }

  encrypt(_sector: number, data: Uint8Array): void {
    data.set(this.#aes.encrypt(data))
  }

  decrypt(_sector: number, data: Uint8Array): void {
    data.set(this.#aes.decrypt(data))
  }
}
