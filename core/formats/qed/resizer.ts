// Making the disk of an open image larger or smaller.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { formatSize } from '../../model/units.ts'
import { dropFrom } from './cut.ts'
import { SECTOR } from './layout.ts'
import { packClusters } from './pack.ts'
import type { QedFile } from './qed-file.ts'
import type { QedWriter } from './writer.ts'

export class QedResizer implements Resizer {
  readonly #file: QedFile
  readonly #writer: QedWriter

  constructor(file: QedFile, writer: QedWriter) {
    this.#file = file
    this.#writer = writer
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const file = this.#file
    const { storage, geometry } = file
    this.#check(virtualSize, preallocation)
    await this.#writer.flush()
    const shrinks = virtualSize < file.virtualSize
    const end = Math.ceil(Math.min(virtualSize, file.virtualSize) / geometry.clusterSize)
    if (shrinks) {
      // The disk ends before anything of it goes: from the first write on it is the smaller one.
      await file.writeHeader({ image_size: virtualSize })
      await storage.flush()
      await dropFrom(file, end)
      await packClusters(file, pace)
    } else {
      // Remains of a larger disk must not show in what is new.
      await dropFrom(file, end)
      await file.writeHeader({ image_size: virtualSize })
      await storage.flush()
    }
  }

  #check(virtualSize: number, preallocation: Preallocation): void {
    const { storage, geometry } = this.#file
    const { name } = storage
    if (virtualSize % SECTOR !== 0 || virtualSize < 0)
      throw new SpindleError(
        'invalid-argument',
        `A disk consists of whole sectors, and ${virtualSize} bytes is no multiple of ${SECTOR}. Nothing was changed.`,
      )
    if (virtualSize > geometry.maxSize)
      throw new SpindleError(
        'invalid-argument',
        `With its tables, ${name} can be ${formatSize(geometry.maxSize)} large at most. Nothing was changed. Convert it to an image with larger clusters or tables.`,
        { path: name },
      )
    if (preallocation !== 'off')
      throw new SpindleError(
        'unsupported',
        `${name} is a QED image, whose clusters get their room when they are first written. Nothing was changed. Leave the allocation out.`,
        { path: name },
      )
  }
}
