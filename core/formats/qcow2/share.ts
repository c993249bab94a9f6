// Sharing all that an L1 table leads to with one owner more.

import { SpindleError } from '../../model/error.ts'
import { MiB } from '../../model/units.ts'
import { ClusterList } from './cluster-list.ts'
import { damaged } from './damage.ts'
import { isCopied, markCopied } from './entries.ts'
import { l1Bytes } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { L1_ENTRY_SIZE } from './layout.ts'
import type { Table } from '../../image/table-cache.ts'
import { gather, tablesOf } from './tree.ts'
import type { Root, TreeWork } from './tree.ts'

/** Changed tables are written out once they are so many bytes. */
const MAX_CHANGED = 4 * MiB

/** Throws `unsupported` when something in the tree cannot be counted once more. Changes nothing. */
export async function checkRoomToShare({ file, changes }: TreeWork, root: Root): Promise<void> {
  const { refcounts } = changes
  // A tree refers to nothing more often than it is counted, so sharing it doubles a count at most.
  if ((await refcounts.largest()) * 2 <= refcounts.max) return
  const clusters = new ClusterList()
  const check = (): Promise<void> =>
    refcounts.update(clusters.take(), (count, times, cluster) => {
      raised(file, refcounts.max, { count, times, cluster })
      return count
    })
  for await (const { table, index } of tablesOf(file, root)) {
    gather(file, table, index, clusters)
    if (clusters.isFull) await check()
  }
  await check()
}

/**
 * Counts everything the root leads to once more, durably. Before that nothing of it may say any longer that it belongs
 * to one owner alone, or the next write would go through to the other one.
 */
export async function share({ file, changes, pace }: TreeWork, root: Root): Promise<void> {
  const { l2Tables, storage } = file
  const { refcounts } = changes
  const clusters = new ClusterList()
  const raise = async (): Promise<void> => {
    if (l2Tables.changedBytes > 0) {
      await l2Tables.writeBack()
      await storage.flush()
    }
    await refcounts.update(clusters.take(), (count, times, cluster) =>
      raised(file, refcounts.max, { count, times, cluster }),
    )
  }
  for await (const { table, index } of tablesOf(file, root, pace)) {
    gather(file, table, index, clusters)
    disown(file, table)
    if (clusters.isFull || l2Tables.changedBytes > MAX_CHANGED) await raise()
  }
  await raise()
  await refcounts.writeBack()
  await storage.flush()
}

/** The disk's L1 table no longer says of any of the disk's tables that it belongs to one owner alone. Durable. */
export async function disownRoot({ file }: TreeWork): Promise<void> {
  const l1 = await file.l1()
  for (let at = 0; at < l1Bytes(file.geometry.tableCount); at += L1_ENTRY_SIZE) {
    if (!isCopied(l1.view, at)) continue
    markCopied(l1.view, at, false)
    l1.change(at, L1_ENTRY_SIZE)
  }
  if (!l1.changed) return
  await l1.writeBack(file.storage)
  await file.storage.flush()
}

/** Nothing the table leads to says any more that it belongs to one owner alone. */
function disown(file: ImageFile, table: Table): void {
  const { geometry, l2Tables } = file
  for (let at = 0; at < table.bytes.length; at += geometry.entrySize) {
    if (!isCopied(table.view, at)) continue
    markCopied(table.view, at, false)
    l2Tables.change(table, at, geometry.entrySize)
  }
}

function raised(
  file: ImageFile,
  max: number,
  { count, times, cluster }: { readonly count: number; readonly times: number; readonly cluster: number },
): number {
  const { geometry, storage } = file
  if (count === 0)
    throw damaged(
      storage.name,
      `cluster ${cluster}, which is in use, is counted as free`,
      cluster * geometry.clusterSize,
    )
  if (count + times <= max) return count + times
  throw new SpindleError(
    'unsupported',
    `${storage.name} cannot share its data once more: its reference counts are ${geometry.refcountBits} bit${max === 1 ? '' : 's'} wide, so a cluster can belong to ${max} of the disk and its snapshots at most. Nothing was changed. Delete a snapshot, or convert it to an image with wider counts (refcount_bits=16).`,
    { path: storage.name },
  )
}
