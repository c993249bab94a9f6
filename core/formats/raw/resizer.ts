// Making a raw disk larger or smaller: it is as large as its file.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import type { Preallocation } from '../../model/job.ts'
import { SpindleError, assertNever } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { writeZeros } from './builder.ts'

export class RawResizer implements Resizer {
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const storage = this.#storage
    const { name } = storage
    const size = await storage.size()
    if (preallocation === 'metadata')
      throw new SpindleError(
        'unsupported',
        `${name} is a raw disk and has no tables to prepare. Nothing was changed. Reserve its room (falloc) or write it (full) instead.`,
        { path: name },
      )
    if (preallocation !== 'off' && virtualSize < size)
      throw new SpindleError(
        'invalid-argument',
        `Only what is new of a disk can be allocated in advance, and ${name} is to become smaller. Nothing was changed.`,
      )
    await storage.truncate(virtualSize)
    if ((await storage.size()) !== virtualSize)
      throw new SpindleError('unsupported', `${name} is a device, and devices keep their size.`, { path: name })
    switch (preallocation) {
      case 'off':
        break
      case 'falloc':
        await storage.allocate(size, virtualSize - size)
        break
      case 'full':
        await writeZeros(storage, { offset: size, length: virtualSize - size, pace })
        break
      default:
        assertNever(preallocation)
    }
    await storage.flush()
  }
}
