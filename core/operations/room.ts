// Whether a copy will fit, found out before it starts.

import type { CreateSpec, ImageDriver } from '../image/driver.ts'
import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { KiB, roundUp } from '../model/units.ts'
import { readPadded } from '../storage/storage.ts'
import { isZero } from '../transfer/zeros.ts'
import { checkRoom, freeFor } from './space.ts'
import type { Survey } from './survey.ts'

const BLOCK_SIZE = 64 * KiB
const SAMPLE_SIZE = 64
const SAMPLES = 4

/** Bytes the new image will occupy, if what counts as data is no zeros and nothing is packed. */
export function predictedRoom(driver: ImageDriver, spec: CreateSpec, { blockBytes }: Survey): number {
  return Math.min(driver.measure(spec, blockBytes).required, driver.measure(spec, 0).initial + blockBytes)
}

/**
 * Throws `no-space` when the copy cannot fit. What counts as data may turn out to be zeros, which take no room; so when
 * it looks tight, data is sampled until it is certain that there is too much of it.
 */
export async function checkCopyFits(
  target: string,
  image: { readonly driver: ImageDriver; readonly spec: CreateSpec },
  source: { readonly disk: VirtualDisk; readonly survey: Survey },
  pace: Pace,
): Promise<void> {
  const { driver, spec } = image
  const reserved = driver.measure(spec, 0).initial
  await checkRoom(target, reserved)
  const predicted = predictedRoom(driver, spec, source.survey)
  const free = await freeFor(target)
  // How far it will pack is anyone's guess.
  if (predicted <= free || spec.compress === true) return
  if (await holdsMoreThan(free - reserved, source.disk, pace)) await checkRoom(target, predicted)
}

/** Whether so many bytes of the disk are certainly no zeros, by whole blocks. */
async function holdsMoreThan(limit: number, disk: VirtualDisk, pace: Pace): Promise<boolean> {
  let certain = 0
  let nextBlock = 0
  let position = 0
  for await (const extents of disk.extents()) {
    for (const extent of extents) {
      const end = position + extent.length
      for (let at = Math.max(position, nextBlock); at < end; at = nextBlock) {
        nextBlock = roundUp(at + 1, BLOCK_SIZE)
        if (await hasContent(extent, at - position, Math.min(nextBlock, end) - at)) certain += BLOCK_SIZE
        if (certain > limit) return true
        await pace(0)
      }
      position = end
    }
  }
  return false
}

async function hasContent(extent: DiskExtent, skip: number, length: number): Promise<boolean> {
  // Whoever packs a block has looked at it, and stores no zeros.
  if (extent.kind === 'packed') return true
  if (extent.kind !== 'data') return false
  const sample = new Uint8Array(Math.min(SAMPLE_SIZE, length))
  for (let index = 0; index < SAMPLES; index += 1) {
    const at = Math.floor(((length - sample.length) * index) / (SAMPLES - 1))
    await readPadded(extent.storage, extent.offset + skip + at, sample)
    if (!isZero(sample)) return true
  }
  return false
}
