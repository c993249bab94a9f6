// What of an image can be read: the judge of repairs, which must not change any of it.

import { drivers } from '../../core/formats/index.ts'
import { openDisk } from '../../core/image/chain.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'

/** A disk may claim any size: this much of it is looked at. */
const MOST = 16 * 1024 * 1024

/** Undefined when the image cannot be opened. */
export type Clusters = readonly (Uint8Array | undefined)[] | undefined

/** What each cluster of the disk reads as; undefined where it cannot be read. */
export async function readableClusters(bytes: Uint8Array, dataFile: Uint8Array): Promise<Clusters> {
  const folder = new MemoryFolder()
  folder.add('disk.data', dataFile)
  const how = { drivers, gate: folder, format: 'qcow2', access: 'read' } as const
  const clusters: (Uint8Array | undefined)[] = []
  try {
    await using disk = await openDisk(new MemoryStorage('disk', bytes, false), how)
    const size = disk.top.blockSize
    for (let offset = 0; offset < Math.min(disk.size, MOST); offset += size) {
      const cluster = new Uint8Array(Math.min(size, disk.size - offset))
      clusters.push(await disk.read(offset, cluster).then(() => cluster, plainFailure))
    }
    return clusters
  } catch (error) {
    return plainFailure(error)
  }
}

/** The clusters that could be read before and read otherwise now. */
export function changedClusters(before: Clusters, after: Clusters): readonly number[] {
  return (before ?? []).flatMap((cluster, index) => {
    const now = after?.[index]
    return cluster && (!now || Buffer.compare(cluster, now) !== 0) ? [index] : []
  })
}

function plainFailure(error: unknown): undefined {
  if (!(error instanceof SpindleError) || error.code === 'internal') throw error
}
