// What create and its prediction agree on: the driver, the options and the size of an image to be made.

import { openDisk } from '../image/chain.ts'
import { driverOf } from '../image/detect.ts'
import type { CreateSpec, ImageDriver } from '../image/driver.ts'
import { completeOptions } from '../image/options.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import type { FormatId } from '../model/image.ts'
import type { CreateJob } from '../model/job.ts'
import { roundUp } from '../model/units.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { presetSize } from './fit-preset.ts'
import type { Parts } from './parts.ts'

/** Guests count in sectors, and so do other readers: a last odd piece would be lost to them. */
const SECTOR_SIZE = 512

export interface NewImage extends AsyncDisposable {
  readonly driver: ImageDriver
  readonly spec: CreateSpec
  /** Open until this is disposed of; undefined when there is none, or it was not to be looked at. */
  readonly backing?: VirtualDisk
}

/** Throws `invalid-argument` or `unsupported` where the request cannot be met. Writes nothing. */
export async function newImage(job: CreateJob, parts: Parts): Promise<NewImage> {
  const driver = creatingDriver(job.format, parts)
  const options = completeOptions(driver.options, job.options)
  if (job.backing && !driver.capabilities.backing) {
    throw new SpindleError('invalid-argument', `An image in ${driver.title} format cannot have a backing file.`)
  }
  const backing = job.backingUnseen === true ? undefined : await openBackingOf(job, parts)
  return {
    driver,
    spec: {
      virtualSize: presetSize(job.preset, diskSize(job.virtualSize ?? backing?.size)),
      options,
      blank: true,
      ...(job.backing && { backing: job.backing }),
    },
    ...(backing && { backing }),
    async [Symbol.asyncDispose]() {
      await backing?.close()
    },
  }
}

export function creatingDriver(format: FormatId, parts: Parts): ImageDriver {
  const driver = driverOf(parts.drivers, format)
  if (driver.capabilities.create) return driver
  throw new SpindleError('unsupported', `Spindle can read images in ${driver.title} format, but not make them.`)
}

/** Whole sectors. */
export function diskSize(size: number | undefined): number {
  if (size === undefined) {
    throw new SpindleError(
      'invalid-argument',
      'A new image needs a size, such as 20G, or a backing file to take it from.',
    )
  }
  const rounded = roundUp(size, SECTOR_SIZE)
  if (size < 0 || !Number.isSafeInteger(rounded)) {
    throw new SpindleError('invalid-argument', `A disk cannot be ${size} bytes large.`)
  }
  return rounded
}

async function openBackingOf({ target, backing }: CreateJob, parts: Parts): Promise<VirtualDisk | undefined> {
  if (!backing) return undefined
  // A relative name starts from the folder of the image that is yet to be made.
  const storage = await parts.gate.open(backing.path, new MemoryStorage(target), 'read')
  return openDisk(storage, { ...parts, access: 'read', format: backing.format })
}
