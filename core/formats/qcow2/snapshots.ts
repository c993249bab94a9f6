// The table of internal snapshots as it is in the file.

import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { damaged } from './damage.ts'
import { MAX_SNAPSHOT_TABLE_BYTES } from './layout.ts'
import type { HeaderFields } from './layout.ts'
import { MAX_SNAPSHOT_ENTRY, decodeSnapshot } from './snapshot-entry.ts'
import type { Snapshot } from './snapshot-entry.ts'

export interface SnapshotEntries {
  readonly offset: number
  /** Bytes up to the end of the last entry that could be read. */
  readonly length: number
  readonly snapshots: readonly Snapshot[]
  /** Why the entries after these could not be read. */
  readonly damage?: SpindleError
}

/** Entries are small, so the table is read through a window of this many bytes, or one entry where that is more. */
const WINDOW = 64 * 1024

/** Reads as many entries as are sound: a damaged snapshot table takes nothing from the disk itself. */
export async function readSnapshots(storage: Storage, header: HeaderFields): Promise<SnapshotEntries> {
  const { snapshots_offset: offset, nb_snapshots: count } = header
  const snapshots: Snapshot[] = []
  let length = 0
  try {
    let window = { at: 0, bytes: new Uint8Array(0) }
    while (snapshots.length < count) {
      if (window.at + window.bytes.length - length < MAX_SNAPSHOT_ENTRY)
        window = { at: length, bytes: await readUpTo(storage, offset + length, Math.max(WINDOW, MAX_SNAPSHOT_ENTRY)) }
      const snapshot = decodeSnapshot(window.bytes.subarray(length - window.at), {
        path: storage.name,
        offset: offset + length,
        clusterSize: 2 ** header.cluster_bits,
      })
      length += snapshot.entry.length
      if (length > MAX_SNAPSHOT_TABLE_BYTES)
        throw damaged(storage.name, 'its snapshot table is longer than 64 MiB', offset)
      snapshots.push(snapshot)
    }
    return { offset, length, snapshots }
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code !== 'invalid-image') throw error
    return { offset, length, snapshots, damage: error }
  }
}

async function readUpTo(storage: Storage, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, await storage.read(offset, bytes))
}
