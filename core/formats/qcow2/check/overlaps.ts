// Tables that something else lies on: counts can be put right, but what is read there stays wrong.

import { clustersFor, l1Bytes } from '../geometry.ts'
import type { Examination } from './examination.ts'

/** To be called when all references are counted, those to refcount blocks included. */
export function tellOverlaps(examination: Examination): void {
  const { image, uses, snapshots } = examination
  const { header, geometry } = image
  const { clusterSize } = geometry
  tell(examination, 0, clusterSize, 1, 'the header')
  tell(examination, header.l1_table_offset, l1Bytes(header.l1_size), 1, 'the L1 table')
  tell(examination, header.snapshots_offset, snapshots.length, 1, 'the snapshot table')
  const countTable = header.refcount_table_clusters * clusterSize
  tell(examination, header.refcount_table_offset, countTable, 1, 'the refcount table')
  for (const { l1Offset, l1Entries, title } of snapshots.entries)
    tell(examination, l1Offset, l1Bytes(l1Entries), 1, `the L1 table of snapshot ${title}`)
  for (const [index, offset] of uses.offsets.entries())
    tell(examination, offset, clusterSize, uses.all[index] ?? 0, 'an L2 table')
}

/** `expected`: how often the table itself is referred to. */
function tell(
  { image, counts, findings }: Examination,
  offset: number,
  length: number,
  expected: number,
  what: string,
) {
  const { clusterSize } = image.geometry
  if (offset % clusterSize !== 0 || offset + length > image.fileClusters * clusterSize) return
  const first = offset / clusterSize
  for (let cluster = first; cluster < first + clustersFor(length, image.geometry); cluster += 1) {
    if (counts.get(cluster) <= expected) continue
    const hostOffset = cluster * clusterSize
    const message = `The cluster at offset ${hostOffset} holds ${what}, and something else leads there as well: what it reads there is wrong, whatever the counts say.`
    findings.add('note', 1, () => ({ code: 'table-shared', message, hostOffset }))
  }
}
