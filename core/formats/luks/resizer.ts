// Making an encrypted disk larger or smaller: it is as large as its file leaves room behind the header.

import { SECTOR } from '../../crypto/luks1-layout.ts'
import type { CipherStorage } from '../../crypto/cipher-storage.ts'
import type { Volume } from '../../crypto/volume.ts'
import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'

export class LuksResizer implements Resizer {
  readonly #storage: Storage
  readonly #plain: CipherStorage
  readonly #volume: Volume

  constructor(storage: Storage, plain: CipherStorage, volume: Volume) {
    this.#storage = storage
    this.#plain = plain
    this.#volume = volume
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const { name } = this.#storage
    const { payload } = this.#volume
    if (payload.length !== undefined)
      throw new SpindleError(
        'unsupported',
        `The header of ${name} sets its size once and for all. Nothing was changed.`,
        {
          path: name,
        },
      )
    if (preallocation === 'metadata')
      throw new SpindleError(
        'unsupported',
        `${name} is a LUKS volume and has no tables to prepare. Nothing was changed. Leave allocation in advance out: what is new is written anyway.`,
        { path: name },
      )
    if (virtualSize % (payload.sectorSize ?? SECTOR) !== 0)
      throw new SpindleError(
        'invalid-argument',
        `${name} consists of sectors of ${payload.sectorSize} bytes. Nothing was changed.`,
      )
    const before = (await this.#storage.size()) - payload.start
    await this.#storage.truncate(payload.start + virtualSize)
    // What is new reads as zeros only when zeros are written, whatever was asked for.
    for (let done = before; done < virtualSize; done += MiB) {
      const step = Math.min(MiB, virtualSize - done)
      await this.#plain.zero(done, step)
      await pace?.(step)
    }
    await this.#storage.flush()
  }
}
