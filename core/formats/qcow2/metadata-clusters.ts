// Which clusters of an open image hold tables: a net below the reference counts, for images whose counts are wrong.

import { ClusterSet } from '../../image/cluster-set.ts'
import { readOnly } from './damage.ts'
import { decodeL1 } from './entries.ts'
import { clustersFor, l1Bytes } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import type { Refcounts } from './refcounts.ts'
import { readSnapshots } from './snapshots.ts'

/** Throws `invalid-image` when two tables claim one cluster, or a table is where none can be. */
export async function metadataClusters(file: ImageFile, refcounts: Refcounts): Promise<ClusterSet> {
  const { geometry, header, storage } = file
  const set = new ClusterSet()
  const claim = (offset: number, length: number, what: string) => {
    const first = Math.floor(offset / geometry.clusterSize)
    const count = clustersFor(length, geometry)
    for (let cluster = first; cluster < first + count; cluster += 1) {
      if (set.has(cluster))
        throw readOnly(
          storage.name,
          `is damaged: ${what} lies where another table is, at offset ${cluster * geometry.clusterSize}`,
          cluster * geometry.clusterSize,
        )
    }
    set.add(first, count)
  }
  claim(0, geometry.clusterSize, 'the header')
  if (file.encryption) claim(file.encryption.offset, file.encryption.length, 'the encryption header')
  claim(refcounts.tablePlace.offset, refcounts.tablePlace.length, 'the refcount table')
  for (const offset of refcounts.blockOffsets()) claim(offset, geometry.clusterSize, 'a refcount block')

  const table = await readSnapshots(storage, header)
  if (table.damage) throw readOnly(storage.name, 'has a damaged snapshot table', table.offset + table.length)
  claim(table.offset, table.length, 'the snapshot table')
  for (const { l1 } of table.snapshots) claim(l1.offset, l1Bytes(l1.entries), 'the L1 table of a snapshot')

  const l1 = await file.l1()
  claim(l1.offset, l1.bytes.length, 'the L1 table')
  for (let index = 0; index < header.l1_size; index += 1) {
    const entry = decodeL1(geometry, l1.view, index)
    if (entry.kind === 'invalid')
      throw readOnly(storage.name, `is damaged: L1 entry ${index} ${entry.problem}`, l1.offset + index * 8)
    if (entry.kind === 'table') claim(entry.offset, geometry.clusterSize, `the L2 table of L1 entry ${index}`)
  }
  return set
}
