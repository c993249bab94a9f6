// XTS as IEEE 1619 has it: two passes with the tweaks around one AES call for many sectors, the same bytes as the native mode.

import type { Aes } from './aes.ts'
import { SECTOR } from './luks1-layout.ts'
import type { SectorCipher } from './sector-cipher.ts'
import type { Vectors } from './vectors.ts'
import { bytesOf } from './words.ts'
import { STEP, XtsPasses } from './xts-module.ts'

let shared: XtsPasses | undefined

export class XtsCipher implements SectorCipher {
  readonly #data: Aes
  readonly #tweak: Aes
  readonly #vectors: Vectors
  readonly #sectorSize: number

  constructor(data: Aes, tweak: Aes, vectors: Vectors, sectorSize: number) {
    this.#data = data
    this.#tweak = tweak
    this.#vectors = vectors
    this.#sectorSize = sectorSize
  }

  encrypt(sector: number, data: Uint8Array): void {
    this.#work(sector, data, (blocks) => this.#data.encrypt(blocks))
  }

  decrypt(sector: number, data: Uint8Array): void {
    this.#work(sector, data, (blocks) => this.#data.decrypt(blocks))
  }

  #work(sector: number, data: Uint8Array, run: (blocks: Uint8Array) => Uint8Array): void {
    const passes = (shared ??= new XtsPasses())
    const size = this.#sectorSize
    for (let done = 0; done < data.length; done += STEP) {
      const part = data.subarray(done, done + STEP)
      const sectors = part.length / size
      passes.firsts.set(this.#tweak.encrypt(bytesOf(this.#vectors(sector + done / SECTOR, sectors, size / SECTOR))))
      passes.data.set(part)
      passes.mix(sectors, size)
      passes.data.set(run(passes.data.subarray(0, part.length)))
      passes.unmix(part.length)
      part.set(passes.data.subarray(0, part.length))
    }
  }
}
