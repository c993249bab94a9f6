// Changing the size of a disk so that nothing it ever held beyond its end comes back.

import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { SpindleError } from '../model/error.ts'
import type { Preallocation } from '../model/job.ts'
import { MiB, roundDown, roundUp } from '../model/units.ts'
import { isZero } from '../transfer/zeros.ts'

export interface ImageResize {
  /** Bytes, and another size than the disk has. */
  readonly virtualSize: number
  readonly preallocation: Preallocation
  /** Opens the image for writing, as often as that is needed. */
  readonly open: () => Promise<VirtualDisk>
  /** Told bytes that add up to about the difference. */
  readonly pace: Pace
}

export async function resizeImage(how: ImageResize): Promise<void> {
  const { virtualSize, open } = how
  let oldEnd: number
  let lastCluster: number
  {
    await using disk = await open()
    const { clusterSize = 1, dataFile } = await disk.top.describe()
    oldEnd = disk.size
    lastCluster = Math.min(roundUp(oldEnd, clusterSize), Math.max(virtualSize, oldEnd))
    // The cluster in which the disk ends stays: what is cut off inside of it must not come back when the disk grows.
    const cutEnd = Math.min(roundUp(virtualSize, clusterSize), oldEnd)
    if (dataFile === undefined) await clear(disk, virtualSize, cutEnd, ({ depth }) => depth === 0)
    await resizeLayer(disk, how)
  }
  if (virtualSize <= oldEnd) return
  await using disk = await open()
  await clear(disk, oldEnd, lastCluster, () => true)
  // What a longer backing file has there was no part of the disk so far.
  const belowEnd = Math.min(disk.layers[1]?.virtualSize ?? 0, disk.size)
  await cover(disk, lastCluster, belowEnd)
}

async function resizeLayer(disk: VirtualDisk, { virtualSize, preallocation, pace }: ImageResize): Promise<void> {
  const { resizer, unwritable, format, storage } = disk.top
  if (unwritable) throw SpindleError.fromData(unwritable)
  if (resizer) return resizer.resize(virtualSize, preallocation, pace)
  throw new SpindleError(
    'unsupported',
    `${storage.name} is in ${format} format, whose size Spindle cannot change. Nothing was changed.`,
    { path: storage.name },
  )
}

/** Makes data from `start` to `end` read as zeros where `concerns` says so. */
async function clear(
  disk: VirtualDisk,
  start: number,
  end: number,
  concerns: (extent: DiskExtent) => boolean,
): Promise<void> {
  for (let position = start; position < end;) {
    const [extent] = await disk.map(position, Math.min(end - position, MiB))
    if (!extent) return
    const holdsData = (extent.kind === 'data' || extent.kind === 'packed') && concerns(extent)
    if (holdsData && !(await isAllZero(disk, extent))) await disk.zero(position, extent.length)
    position += extent.length
  }
}

/**
 * Makes what shows from below between `start`, where a block begins, and `end` read as zeros. By whole blocks: a part of
 * one would bring the rest of it up from below as data.
 */
async function cover(disk: VirtualDisk, start: number, end: number): Promise<void> {
  const { blockSize } = disk.top
  for (let position = start; position < end;) {
    const [extent] = await disk.map(position, Math.min(end - position, MiB))
    if (!extent) return
    let next = position + extent.length
    const showsData = (extent.kind === 'data' || extent.kind === 'packed') && extent.depth > 0
    if (showsData && !(await isAllZero(disk, extent))) {
      next = Math.min(roundUp(next, blockSize), disk.size)
      const first = roundDown(position, blockSize)
      await disk.zero(first, next - first)
    }
    position = next
  }
}

async function isAllZero(disk: VirtualDisk, extent: DiskExtent): Promise<boolean> {
  const bytes = new Uint8Array(extent.length)
  await disk.readExtent(extent, bytes)
  return isZero(bytes)
}
