// Whether the tables of an image were made before there was data for them.

import { SpindleError } from '../../model/error.ts'
import type { ImageFile } from './image-file.ts'
import { Refcounts } from './refcounts.ts'

/** By QEMU's rule: a tenth more of the file's clusters are in use than the file system has given room to, and two at least. */
export async function isHollow(file: ImageFile): Promise<boolean> {
  const { storage, geometry, size } = file
  const real = Math.floor((await storage.allocatedSize()) / geometry.clusterSize)
  const enough = Math.max(Math.floor((real * 10) / 9), real + 2)
  const end = Math.ceil(size / geometry.clusterSize)
  return end >= enough && (await usedClusters(file, end)) >= enough
}

async function usedClusters(file: ImageFile, end: number): Promise<number> {
  let count = 0
  try {
    const refcounts = await Refcounts.open(file)
    await refcounts.each((cluster) => {
      if (cluster < end) count += 1
    })
  } catch (error) {
    // What it is worth to know this for does not need the counts, which may be damaged.
    if (!(error instanceof SpindleError)) throw error
    return 0
  }
  return count
}
