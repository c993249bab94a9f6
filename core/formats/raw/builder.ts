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
    if (preallocation === 'full') await writeZeros(storage, { offset: 0, length: virtualSize, pace })
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
export async function writeZeros(
  storage: Storage,
  range: { readonly offset: number; readonly length: number; readonly pace: Pace | undefined },
): Promise<void> {
  const { offset, length, pace } = range
  const zeros = new Uint8Array(MiB)
  for (let done = 0; done < length; done += MiB) {
    const step = Math.min(MiB, length - done)
    await storage.write(offset + done, zeros.subarray(0, step))
    await pace?.(step)
  }
}
