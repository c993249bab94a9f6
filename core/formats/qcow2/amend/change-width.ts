// Reference counts of another width: table and blocks made anew behind the end of the file, and one write that makes them count.

import { SpindleError } from '../../../model/error.ts'
import { formatSize } from '../../../model/units.ts'
import { MAX_REFCOUNT_TABLE_BYTES, REFCOUNT_TABLE_ENTRY_SIZE } from '../layout.ts'
import { countAccess } from '../refcount-width.ts'
import type { TreeWork } from '../tree.ts'

/** Throws `unsupported` before anything is written when a count does not fit. Afterwards the layer is only to be closed. */
export async function changeWidth(work: TreeWork, bits: number): Promise<void> {
  const { file, changes } = work
  const { storage, header, geometry } = file
  const { clusterSize } = geometry
  const old = ownClusters(work)
  const start = Math.max(Math.ceil(file.size / clusterSize), await changes.refcounts.end())
  const needed = await neededBlocks(work, bits, old)
  const tableClusters = addOwnBlocks(needed, start, { clusterSize, countsPerBlock: (clusterSize * 8) / bits })
  const indexes = [...needed].toSorted((left, right) => left - right)
  if (tableClusters * clusterSize > MAX_REFCOUNT_TABLE_BYTES)
    throw new SpindleError(
      'unsupported',
      `${storage.name} is too long for counts of ${bits} bits: their table would be larger than ${formatSize(MAX_REFCOUNT_TABLE_BYTES)}. Nothing was changed.`,
      { path: storage.name },
    )
  const own = { first: start, end: start + indexes.length + tableClusters }
  for (const [place, index] of indexes.entries())
    await storage.write((start + place) * clusterSize, await newBlock(work, bits, { index, old, own }))
  const table = new DataView(new ArrayBuffer(tableClusters * clusterSize))
  for (const [place, index] of indexes.entries())
    table.setBigUint64(index * REFCOUNT_TABLE_ENTRY_SIZE, BigInt((start + place) * clusterSize))
  const tableOffset = (start + indexes.length) * clusterSize
  await storage.write(tableOffset, new Uint8Array(table.buffer))
  await storage.flush()
  // All of these stand within one sector: the switch cannot tear, and with it the old table is no longer counted.
  const { nb_snapshots, snapshots_offset, incompatible_features, compatible_features, autoclear_features } = header
  await file.writeHeader({
    refcount_table_offset: tableOffset,
    refcount_table_clusters: tableClusters,
    nb_snapshots,
    snapshots_offset,
    incompatible_features,
    compatible_features,
    autoclear_features,
    refcount_order: Math.log2(bits),
  })
  await storage.flush()
  for (const cluster of old) await storage.discard(cluster * clusterSize, clusterSize)
}

/** What the old table and its blocks lie in. */
function ownClusters({ file, changes }: TreeWork): ReadonlySet<number> {
  const { clusterSize } = file.geometry
  const { offset, length } = changes.refcounts.tablePlace
  const clusters = new Set<number>()
  for (let at = offset; at < offset + length; at += clusterSize) clusters.add(at / clusterSize)
  for (const block of changes.refcounts.blockOffsets()) clusters.add(block / clusterSize)
  return clusters
}

/** Of the new blocks, those with something to count. */
async function neededBlocks({ file, changes }: TreeWork, bits: number, old: ReadonlySet<number>): Promise<Set<number>> {
  const { storage, geometry } = file
  const { max } = countAccess(bits)
  const countsPerBlock = (geometry.clusterSize * 8) / bits
  const needed = new Set<number>()
  await changes.refcounts.each((cluster, count) => {
    const left = old.has(cluster) ? count - 1 : count
    if (left > max)
      throw new SpindleError(
        'unsupported',
        `${storage.name} cannot have counts of ${bits} bits: the cluster at offset ${cluster * geometry.clusterSize} is used ${left} times, and they count up to ${max}. Nothing was changed. Delete snapshots first, or choose wider counts.`,
        { path: storage.name },
      )
    if (left > 0) needed.add(Math.floor(cluster / countsPerBlock))
  })
  return needed
}

/** Adds the blocks that count the new blocks and the table behind them. Returns how many clusters the table takes. */
function addOwnBlocks(
  needed: Set<number>,
  start: number,
  { clusterSize, countsPerBlock }: { readonly clusterSize: number; readonly countsPerBlock: number },
): number {
  let tableClusters = 0
  for (let known = -1; known !== needed.size + tableClusters;) {
    known = needed.size + tableClusters
    for (let cluster = start; cluster < start + known; cluster += countsPerBlock)
      needed.add(Math.floor(cluster / countsPerBlock))
    if (known > 0) needed.add(Math.floor((start + known - 1) / countsPerBlock))
    const last = needed.values().reduce((most, index) => Math.max(most, index), 0)
    tableClusters = Math.ceil(((last + 1) * REFCOUNT_TABLE_ENTRY_SIZE) / clusterSize)
  }
  return tableClusters
}

interface NewBlock {
  readonly index: number
  /** Clusters that are counted once less. */
  readonly old: ReadonlySet<number>
  /** Clusters that are counted once from now on. */
  readonly own: { readonly first: number; readonly end: number }
}

async function newBlock({ file, changes, pace }: TreeWork, bits: number, how: NewBlock): Promise<Uint8Array> {
  const { geometry } = file
  const from = countAccess(geometry.refcountBits)
  const to = countAccess(bits)
  const view = new DataView(new ArrayBuffer(geometry.clusterSize))
  const countsPerBlock = (geometry.clusterSize * 8) / bits
  const first = how.index * countsPerBlock
  const end = first + countsPerBlock
  for (let cluster = first; cluster < end;) {
    await pace?.(0)
    const index = Math.floor(cluster / geometry.countsPerBlock)
    const block = await changes.refcounts.block(index)
    const stop = Math.min(end, (index + 1) * geometry.countsPerBlock)
    if (block) {
      for (let one = cluster; one < stop; one += 1) {
        const count = from.get(block.view, one % geometry.countsPerBlock)
        if (count > 0) to.set(view, one - first, how.old.has(one) ? count - 1 : count)
      }
    }
    cluster = stop
  }
  for (let cluster = Math.max(first, how.own.first); cluster < Math.min(end, how.own.end); cluster += 1)
    to.set(view, cluster - first, 1)
  return new Uint8Array(view.buffer)
}
