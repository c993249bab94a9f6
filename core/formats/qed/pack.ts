// Closing the gaps in the file: the last clusters move into those that nothing uses any more, and the file ends behind the rest.

import { ClusterSet } from '../../image/cluster-set.ts'
import type { Pace } from '../../jobs/pace.ts'
import { MiB } from '../../model/units.ts'
import { ZERO } from './layout.ts'
import type { QedFile } from './qed-file.ts'
import { l2Pages, tableRefs } from './tables.ts'

/**
 * Every entry must lead to a cluster of its own. Durable when this returns; until the tables are written, everything is
 * still where it was. A table that finds no gap as large as it is stays where it is.
 */
export async function packClusters(file: QedFile, pace?: Pace): Promise<void> {
  const { storage } = file
  const { taken, count } = await takenClusters(file)
  await moveTables(file, taken, count)
  await moveData(file, taken, count, pace)
  await storage.flush()
  await file.l2Pages.writeBack()
  await storage.flush()
  const end = await endOfFile(file)
  if (end < (await storage.size())) await storage.truncate(end)
  await storage.flush()
  file.size = end
}

interface Taken {
  readonly taken: ClusterSet
  readonly count: number
}

async function takenClusters(file: QedFile): Promise<Taken> {
  const { clusterSize, tableClusters } = file.geometry
  const taken = new ClusterSet()
  taken.add(0, file.header.header_size)
  taken.add(file.header.l1_table_offset / clusterSize, tableClusters)
  let count = file.header.header_size + tableClusters
  for await (const { offset } of tableRefs(file)) {
    taken.add(offset / clusterSize, tableClusters)
    count += tableClusters
    for await (const { page, first, end } of l2Pages(file, offset)) {
      for (let index = first; index < end; index += 1) {
        const entry = file.entry(page, index)
        if (entry <= ZERO) continue
        taken.add(entry / clusterSize)
        count += 1
      }
    }
  }
  return { taken, count }
}

/** Tables first: they need clusters that lie together. */
async function moveTables(file: QedFile, taken: ClusterSet, count: number): Promise<void> {
  const { clusterSize, tableClusters, tableSize } = file.geometry
  const { storage, header } = file
  let gap = header.header_size
  for await (const { index, offset } of tableRefs(file)) {
    if (offset / clusterSize + tableClusters <= count) continue
    while (gap + tableClusters <= count && !isFree(taken, gap, tableClusters)) gap += 1
    if (gap + tableClusters > count) return
    await copyBytes(file, offset, gap * clusterSize, tableSize)
    await storage.flush()
    const page = await file.page(file.l1Pages, header.l1_table_offset, index)
    file.setEntry(file.l1Pages, page, index, gap * clusterSize)
    await file.l1Pages.writeBack()
    await storage.flush()
    taken.delete(offset / clusterSize, tableClusters)
    taken.add(gap, tableClusters)
  }
}

async function moveData(file: QedFile, taken: ClusterSet, count: number, pace: Pace | undefined): Promise<void> {
  const { clusterSize } = file.geometry
  let gap = 0
  for await (const { offset } of tableRefs(file)) {
    for await (const { page, first, end } of l2Pages(file, offset)) {
      for (let index = first; index < end; index += 1) {
        const entry = file.entry(page, index)
        if (entry <= ZERO || entry < count * clusterSize) continue
        while (taken.has(gap)) gap += 1
        if (gap >= count) return
        await copyBytes(file, entry, gap * clusterSize, clusterSize)
        await pace?.(clusterSize)
        file.setEntry(file.l2Pages, page, index, gap * clusterSize)
        gap += 1
      }
    }
  }
}

async function endOfFile(file: QedFile): Promise<number> {
  const { clusterSize, tableSize } = file.geometry
  let last = Math.max(file.headerEnd, file.header.l1_table_offset + tableSize)
  for await (const { offset } of tableRefs(file)) {
    last = Math.max(last, offset + tableSize)
    for await (const { page, first, end } of l2Pages(file, offset)) {
      for (let index = first; index < end; index += 1) {
        const entry = file.entry(page, index)
        if (entry > ZERO) last = Math.max(last, entry + clusterSize)
      }
    }
  }
  return last
}

function isFree(taken: ClusterSet, first: number, count: number): boolean {
  for (let cluster = first; cluster < first + count; cluster += 1) if (taken.has(cluster)) return false
  return true
}

/** Durable only after a flush. */
export async function copyBytes({ storage }: QedFile, from: number, to: number, length: number): Promise<void> {
  for (let done = 0; done < length; done += MiB) {
    const bytes = new Uint8Array(Math.min(MiB, length - done))
    await storage.read(from + done, bytes)
    await storage.write(to + done, bytes)
  }
}
