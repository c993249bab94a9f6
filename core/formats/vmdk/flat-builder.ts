// Building flat VMDKs: every byte has its place already, in one file or in pieces; the descriptor is written last.

import type { ImageBuilder } from '../../image/driver.ts'
import { KiB } from '../../model/units.ts'
import { JoinedStorage } from '../../storage/joined.ts'
import type { Storage } from '../../storage/storage.ts'
import type { BuiltSlice } from './builder.ts'

/** Zeros are found and left out in pieces of this many bytes. */
const HOLE_GRANULE = 64 * KiB

export class FlatBuilder implements ImageBuilder {
  readonly blockSize = HOLE_GRANULE
  readonly storage: Storage
  readonly #file: Storage
  readonly #descriptor: Uint8Array

  private constructor(file: Storage, storage: Storage, descriptor: Uint8Array) {
    this.#file = file
    this.storage = storage
    this.#descriptor = descriptor
  }

  static async start(file: Storage, slices: readonly BuiltSlice[], descriptor: Uint8Array): Promise<FlatBuilder> {
    for (const { storage, length } of slices) await storage.truncate(length)
    const [only, ...others] = slices
    if (only && others.length === 0) return new FlatBuilder(file, only.storage, descriptor)
    const joined = new JoinedStorage(file.name)
    for (const { storage, length } of slices) {
      joined.append(storage, 0)
      joined.extend(length)
    }
    return new FlatBuilder(file, joined, descriptor)
  }

  place(offset: number): number {
    return offset
  }

  placeZero(): void {}

  async drain(): Promise<void> {}

  async finish(): Promise<void> {
    await this.storage.flush()
    await this.#file.write(0, this.#descriptor)
    await this.#file.flush()
  }
}
