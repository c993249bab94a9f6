// Building a fixed image: every byte has its place already, and the footer behind them makes it one.

import type { ImageBuilder } from '../../image/driver.ts'
import { KiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeFooter } from './footer.ts'
import { newFooter } from './new-footer.ts'
import type { Design } from './options.ts'

/** Zeros are found and left out in pieces of this many bytes. */
const HOLE_GRANULE = 64 * KiB

export class FixedBuilder implements ImageBuilder {
  readonly blockSize = HOLE_GRANULE
  readonly storage: Storage
  readonly #design: Design

  private constructor(storage: Storage, design: Design) {
    this.storage = storage
    this.#design = design
  }

  static async start(storage: Storage, design: Design): Promise<FixedBuilder> {
    await storage.truncate(design.virtualSize)
    return new FixedBuilder(storage, design)
  }

  place(offset: number): number {
    return offset
  }

  placeZero(): void {}

  async drain(): Promise<void> {}

  async finish(): Promise<void> {
    await this.storage.flush()
    await this.storage.write(this.#design.virtualSize, encodeFooter(newFooter(this.#design)))
    await this.storage.flush()
  }
}
