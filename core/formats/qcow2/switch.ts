// Switches from one table to its successor: the new one is durable first, and one write inside a sector makes it count.

import type { Run } from './allocator.ts'
import { clustersFor, l1Bytes } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { MAX_SNAPSHOTS, MAX_SNAPSHOT_TABLE_BYTES } from './layout.ts'
import { SpindleError } from '../../model/error.ts'
import { formatSize } from '../../model/units.ts'
import type { Snapshot } from './snapshot-entry.ts'
import { Table } from '../../image/table-cache.ts'
import type { TreeWork } from './tree.ts'

/** Makes these entries the active L1 table, and `size` bytes the disk's size. Returns the room of the old table. */
export async function switchL1({ file, changes }: TreeWork, bytes: Uint8Array, size: number): Promise<readonly Run[]> {
  const { crypt_method, l1_size, l1_table_offset } = file.header
  const offset = bytes.length === 0 ? 0 : await changes.place(bytes)
  // Size and place stand within one sector: the switch cannot tear.
  await file.writeHeader({ size, crypt_method, l1_size: bytes.length / l1Bytes(1), l1_table_offset: offset })
  await file.storage.flush()
  file.replaceL1(new Table(offset, bytes))
  return roomOf(file, l1_table_offset, l1Bytes(l1_size))
}

/** Throws `unsupported` when one table cannot hold all of these. */
export function checkSnapshotRoom({ storage }: ImageFile, snapshots: readonly Snapshot[]): void {
  const length = snapshots.reduce((sum, { entry }) => sum + entry.length, 0)
  if (length <= MAX_SNAPSHOT_TABLE_BYTES && snapshots.length <= MAX_SNAPSHOTS) return
  throw new SpindleError(
    'unsupported',
    `${storage.name} cannot list more snapshots: ${MAX_SNAPSHOTS} fit, with ${formatSize(MAX_SNAPSHOT_TABLE_BYTES)} for their names and data. Nothing was changed. Delete one first.`,
    { path: storage.name },
  )
}

/** Makes these the snapshots of the image. Returns the room of the old table. */
export async function switchSnapshots(
  { file, changes }: TreeWork,
  snapshots: readonly Snapshot[],
  oldLength: number,
): Promise<readonly Run[]> {
  const { snapshots_offset, nb_snapshots } = file.header
  const bytes = Buffer.concat(snapshots.map(({ entry }) => entry))
  const offset = bytes.length === 0 ? 0 : await changes.place(bytes)
  await file.writeHeader({ nb_snapshots: snapshots.length, snapshots_offset: offset })
  await file.storage.flush()
  return nb_snapshots === 0 ? [] : roomOf(file, snapshots_offset, oldLength)
}

/** The clusters of a table. */
export function roomOf({ geometry }: ImageFile, offset: number, length: number): readonly Run[] {
  return length === 0 ? [] : [{ first: offset / geometry.clusterSize, count: clustersFor(length, geometry) }]
}
