// Building a raw image: every byte has its place already.

import type { CreateSpec, ImageBuilder } from '../../image/driver.ts'
import type { Pace } from '../../jobs/pace.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'

/** Zeros are found and left out in pieces of this many bytes. */
const HOLE_GRANULE = 64 * 1024

export class RawBuilder implements ImageBuilder {
  readonly blockSize = HOLE_GRANULE
  readonly storage: Storage

  private constructor(storage: Storage) {
    this.storage = storage
  }

  static async start(storage: Storage, spec: CreateSpec, preallocation: string): Promise<RawBuilder> {
    const { virtualSize, pace } = spec
    await storage.truncate(virtualSize)
    if (preallocation === 'falloc') await storage.allocate(0, virtualSize)
    if (preallocation === 'full') await writeZeros(storage, virtualSize, pace)
    return new RawBuilder(storage)
  }

  place(offset: number): number {
    return offset
  }

  placeZero(): void {}

  async drain(): Promise<void> {}

  async finish(): Promise<void> {
    await this.storage.flush()
  }
}

/** Real writes: some file systems reserve nothing until they see them. */
async function writeZeros(storage: Storage, size: number, pace: Pace | undefined): Promise<void> {
  const zeros = new Uint8Array(MiB)
  for (let offset = 0; offset < size; offset += MiB) {
    const step = Math.min(MiB, size - offset)
    await storage.write(offset, zeros.subarray(0, step))
    await pace?.(step)
  }
}
