// Making a fixed disk larger or smaller: the footer moves with its end.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError, assertNever } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { endWith, resizedFooter } from './footer-change.ts'
import { maxSizeOf } from './geometry.ts'
import type { Opened } from './open.ts'
import { checkSize } from './resizer.ts'

export class FixedResizer implements Resizer {
  readonly #storage: Storage
  readonly #opened: Opened

  constructor(storage: Storage, opened: Opened) {
    this.#storage = storage
    this.#opened = opened
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const storage = this.#storage
    const { footer, virtualSize: before } = this.#opened
    checkSize(storage.name, virtualSize, maxSizeOf(true))
    if (preallocation === 'metadata')
      throw new SpindleError(
        'unsupported',
        `${storage.name} is a fixed VHD and has no tables to prepare. Nothing was changed. Reserve its room (falloc) or write it (full) instead.`,
        { path: storage.name },
      )
    if (preallocation !== 'off' && virtualSize < before)
      throw new SpindleError(
        'invalid-argument',
        `Only what is new of a disk can be allocated in advance, and ${storage.name} is to become smaller. Nothing was changed.`,
      )
    const sizeBefore = await storage.size()
    await endWith(storage, resizedFooter(footer, virtualSize), virtualSize)
    await storage.flush()
    if (virtualSize > before) {
      // What was behind the disk so far, the footer that told of its old size too, is no data of the guest's.
      await storage.zero(before, Math.min(sizeBefore, virtualSize) - before)
      await this.#prepare(before, virtualSize - before, preallocation, pace)
    }
    await storage.flush()
  }

  async #prepare(
    offset: number,
    length: number,
    preallocation: Exclude<Preallocation, 'metadata'>,
    pace: Pace | undefined,
  ): Promise<void> {
    const storage = this.#storage
    switch (preallocation) {
      case 'off':
        break
      case 'falloc':
        await storage.allocate(offset, length)
        break
      case 'full': {
        const zeros = new Uint8Array(MiB)
        for (let done = 0; done < length; done += MiB) {
          const step = Math.min(MiB, length - done)
          await storage.write(offset + done, zeros.subarray(0, step))
          await pace?.(step)
        }
        break
      }
      default:
        assertNever(preallocation)
    }
  }
}
