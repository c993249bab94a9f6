// Building a LUKS volume: every byte has its place already, and what gets no data gets encrypted zeros.

import { CipherStorage } from '../../crypto/cipher-storage.ts'
import { luksDesign, luksSecrets } from '../../crypto/luks-options.ts'
import { payloadOffset } from '../../crypto/luks1-layout.ts'
import { newVolume } from '../../crypto/new-volume.ts'
import type { NewLuks1 } from '../../crypto/luks1-new.ts'
import type { CreateSpec, ImageBuilder, OpenGate } from '../../image/driver.ts'
import { KiB, MiB } from '../../model/units.ts'
import type { OptionValues } from '../../model/option.ts'
import type { Storage } from '../../storage/storage.ts'

export class LuksBuilder implements ImageBuilder {
  readonly blockSize = 64 * KiB
  readonly storage: Storage
  readonly #file: Storage
  readonly #volume: NewLuks1
  readonly #size: number
  readonly #fillsZeros: boolean
  /** Ranges that were passed over and hold nothing yet. */
  #gaps: { readonly start: number; readonly end: number }[] = []
  /** Guest bytes before this are placed or in a gap. */
  #position = 0

  private constructor(file: Storage, plain: Storage, volume: NewLuks1, spec: CreateSpec) {
    this.#file = file
    this.storage = plain
    this.#volume = volume
    this.#size = spec.virtualSize
    this.#fillsZeros = spec.blank !== true
  }

  static async start(file: Storage, options: OptionValues, spec: CreateSpec, gate: OpenGate): Promise<LuksBuilder> {
    const design = luksDesign(options)
    const volume = await newVolume(design, file.name, gate.secrets, luksSecrets(options))
    const start = payloadOffset(design.keyBytes)
    await file.truncate(start + spec.virtualSize)
    const plain = new CipherStorage(file, volume.cipher, { start, length: spec.virtualSize })
    return new LuksBuilder(file, plain, volume, spec)
  }

  place(offset: number, length: number): number {
    this.#passOver(offset)
    this.#position = offset + length
    return offset
  }

  placeZero(): void {}

  async drain(): Promise<void> {
    const gaps = this.#gaps
    this.#gaps = []
    if (!this.#fillsZeros) return
    for (const { start, end } of gaps)
      for (let at = start; at < end; at += MiB) await this.storage.zero(at, Math.min(MiB, end - at))
  }

  async finish(): Promise<void> {
    this.#passOver(this.#size)
    await this.drain()
    await this.#file.flush()
    await this.#volume.write(this.#file, 0)
    await this.#file.flush()
  }

  #passOver(offset: number): void {
    if (offset > this.#position) this.#gaps.push({ start: this.#position, end: offset })
    this.#position = offset
  }
}
