// Reference counts put right where they are.

import type { Run } from '../allocator.ts'
import type { Examined } from './examine.ts'

/** A write of part of a sector may tear the rest of it. */
const SECTOR = 512
/** Freed clusters are told to the storage in runs; this many at most are remembered at a time. */
const MOST_RUNS = 4096

export interface CountFix {
  /** Whether counts that are too low are raised. */
  readonly raise: boolean
  /** Whether counts that are too high are lowered. */
  readonly lower: boolean
}

/** Writes the counts that differ from the references, and gives back the room of what is free then. Flushes. */
export async function writeCounts({ examination, disk, differences }: Examined, fix: CountFix): Promise<void> {
  const { image, counts } = examination
  const { storage, geometry } = image
  const freed: Run[] = []
  for await (const block of disk.blocks(differences.blocks)) {
    const first = block.index * disk.countsPerBlock
    let changedFrom = geometry.clusterSize
    let changedTo = 0
    for (let at = 0; at < disk.countsPerBlock; at += 1) {
      const cluster = first + at
      const isOver = fix.lower && differences.over.has(cluster)
      if (!isOver && !(fix.raise && differences.under.has(cluster))) continue
      const used = Math.min(counts.get(cluster), disk.access.max)
      disk.access.set(block.view, at, used)
      const byte = Math.floor((at * geometry.refcountBits) / 8)
      changedFrom = Math.min(changedFrom, byte - (byte % SECTOR))
      changedTo = Math.min(geometry.clusterSize, byte + Math.ceil(geometry.refcountBits / 8))
      if (isOver && used === 0) noteFreed(freed, cluster)
    }
    if (changedTo === 0) continue
    const end = Math.ceil(changedTo / SECTOR) * SECTOR
    const { buffer, byteOffset } = block.view
    await storage.write(block.offset + changedFrom, new Uint8Array(buffer, byteOffset + changedFrom, end - changedFrom))
  }
  await storage.flush()
  for (const { first, count } of freed) {
    const offset = first * geometry.clusterSize
    const length = Math.min(count * geometry.clusterSize, image.size - offset)
    if (length > 0) await storage.discard(offset, length)
  }
}

/** What is not noted stays room on the disk, free for the image itself to use again. */
function noteFreed(freed: Run[], cluster: number): void {
  const last = freed.at(-1)
  if (last && last.first + last.count === cluster) freed[freed.length - 1] = { ...last, count: last.count + 1 }
  else if (freed.length < MOST_RUNS) freed.push({ first: cluster, count: 1 })
}
