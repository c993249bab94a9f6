// The snapshot table written anew with what every snapshot must say of its disk since version 3.

import { roundUp } from '../../../model/units.ts'
import { readPadded } from '../../../storage/storage.ts'
import { clustersFor } from '../geometry.ts'
import { writeHeaderFields } from '../header.ts'
import { SNAPSHOT_ENTRY, SNAPSHOT_EXTRA } from '../layout.ts'
import type { CheckedImage } from './checked-image.ts'
import { NEEDED_EXTRA } from './examine.ts'
import type { Examined } from './examine.ts'
import { hasStrayOffset } from './snapshot-entries.ts'
import type { SnapshotEntries, SnapshotEntry } from './snapshot-entries.ts'

/** A table that has its place, but is not written yet. */
export interface NewSnapshotTable {
  readonly bytes: Uint8Array
  readonly offset: number
  /** Snapshots that were completed. */
  readonly completed: number
}

/** Finds room for the new table and counts it as used, so that the counts on disk can say so first. */
export async function planSnapshotTable({
  examination,
  differences,
  disk,
}: Examined): Promise<NewSnapshotTable | undefined> {
  const { image, snapshots, counts } = examination
  const { geometry } = image
  const completed = snapshots.entries.filter((entry) => isIncomplete(entry, image)).length
  if (completed === 0 || !examination.areSnapshotsSound) return undefined
  const bytes = await completeTable(image, snapshots)
  const first = Math.max(image.fileClusters, counts.end)
  const count = clustersFor(bytes.length, geometry)
  if ((first + count) * geometry.clusterSize > examination.firstMissing) return undefined
  counts.addRange(first, count)
  for (let cluster = first; cluster < first + count; cluster += 1) {
    const block = Math.floor(cluster / disk.countsPerBlock)
    if (!disk.isReadable(block)) differences.hasUncounted = true
    differences.under.add(cluster)
    differences.blocks.add(block)
  }
  return { bytes, offset: first * geometry.clusterSize, completed }
}

/** To be called when the counts of the new table are durable; the old one's room is a leak afterwards. */
export async function writeSnapshotTable({ storage, header }: CheckedImage, table: NewSnapshotTable): Promise<void> {
  await storage.write(table.offset, table.bytes)
  await storage.flush()
  // Side by side in one sector: the switch from the old table to the new one cannot tear.
  await writeHeaderFields(storage, { nb_snapshots: header.nb_snapshots, snapshots_offset: table.offset })
  await storage.flush()
}

/** Takes out of the header the place of a table that is not there. Returns what was done. */
export async function clearStrayOffset(image: CheckedImage): Promise<readonly string[]> {
  if (!hasStrayOffset(image)) return []
  await writeHeaderFields(image.storage, { nb_snapshots: 0, snapshots_offset: 0 })
  await image.storage.flush()
  return ['The header no longer names a place for snapshots that there are none of.']
}

function isIncomplete({ extraSize }: SnapshotEntry, { geometry }: CheckedImage): boolean {
  return geometry.version >= 3 && extraSize < NEEDED_EXTRA
}

async function completeTable(image: CheckedImage, { entries }: SnapshotEntries): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    const bytes = new Uint8Array(entry.length)
    await readPadded(image.storage, entry.offset, bytes)
    const whole = isIncomplete(entry, image) ? complete(bytes, entry, image) : bytes
    const padded = new Uint8Array(roundUp(whole.length, 8))
    padded.set(whole)
    parts.push(padded)
  }
  return Buffer.concat(parts)
}

/** What size the disk had is not known any more: it can be no larger than its L1 table, and is taken to be today's. */
function complete(
  bytes: Uint8Array,
  entry: SnapshotEntry,
  { storage, geometry, virtualSize }: CheckedImage,
): Uint8Array {
  const place = { path: storage.name, offset: entry.offset }
  const fields = SNAPSHOT_ENTRY.decode(bytes, place)
  const known = new Uint8Array(SNAPSHOT_EXTRA.size)
  known.set(bytes.subarray(SNAPSHOT_ENTRY.size, SNAPSHOT_ENTRY.size + entry.extraSize))
  const hasStateSize = entry.extraSize >= SNAPSHOT_EXTRA.fields.vm_state_size_large.size
  const extra = SNAPSHOT_EXTRA.encode({
    vm_state_size_large: hasStateSize ? SNAPSHOT_EXTRA.decode(known, place).vm_state_size_large : fields.vm_state_size,
    disk_size: Math.min(virtualSize, entry.l1Entries * geometry.tableSpan),
    icount: 0n,
  })
  const head = SNAPSHOT_ENTRY.encode({ ...fields, extra_data_size: NEEDED_EXTRA })
  return Buffer.concat([head, extra.subarray(0, NEEDED_EXTRA), bytes.subarray(SNAPSHOT_ENTRY.size + entry.extraSize)])
}
