// The table of internal snapshots, as far as describing them needs.

import { SpindleError } from '../../model/error.ts'
import type { SnapshotFacts } from '../../model/image.ts'
import { roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { damaged } from './damage.ts'
import { MAX_L1_BYTES, MAX_SNAPSHOT_EXTRA, MAX_SNAPSHOT_TABLE_BYTES, SNAPSHOT_ENTRY, SNAPSHOT_EXTRA } from './layout.ts'
import type { HeaderFields } from './layout.ts'
import { l1Bytes } from './geometry.ts'

export interface Snapshot {
  readonly facts: SnapshotFacts
  readonly l1: { readonly offset: number; readonly entries: number }
}

export interface SnapshotTable {
  readonly offset: number
  /** Bytes up to the end of the last entry that could be read. */
  readonly length: number
  readonly snapshots: readonly Snapshot[]
  /** Why the entries after these could not be read. */
  readonly damage?: SpindleError
}

/** Entries are small, so the table is read through a window of this many bytes, or one entry where that is more. */
const WINDOW = 64 * 1024
const MAX_ENTRY = roundUp(SNAPSHOT_ENTRY.size + MAX_SNAPSHOT_EXTRA + 2 * 0xff_ff, 8)

/** Reads as many entries as are sound: a damaged snapshot table takes nothing from the disk itself. */
export async function readSnapshots(storage: Storage, header: HeaderFields): Promise<SnapshotTable> {
  const { snapshots_offset: offset, nb_snapshots: count } = header
  const snapshots: Snapshot[] = []
  let length = 0
  try {
    let window = { at: 0, bytes: new Uint8Array(0) }
    while (snapshots.length < count) {
      if (window.at + window.bytes.length - length < MAX_ENTRY)
        window = { at: length, bytes: await readUpTo(storage, offset + length, Math.max(WINDOW, MAX_ENTRY)) }
      const { snapshot, size } = decode(window.bytes.subarray(length - window.at), {
        path: storage.name,
        offset: offset + length,
        clusterSize: 2 ** header.cluster_bits,
      })
      length += size
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

interface EntryPlace {
  readonly path: string
  readonly offset: number
  readonly clusterSize: number
}

function decode(bytes: Uint8Array, place: EntryPlace): { snapshot: Snapshot; size: number } {
  const { path, offset } = place
  const fields = SNAPSHOT_ENTRY.decode(bytes, place)
  const extraSize = fields.extra_data_size
  if (extraSize > MAX_SNAPSHOT_EXTRA)
    throw damaged(
      path,
      `a snapshot entry claims ${extraSize} bytes of extra data, and ${MAX_SNAPSHOT_EXTRA} are allowed`,
      offset,
    )
  const idStart = SNAPSHOT_ENTRY.size + extraSize
  const nameStart = idStart + fields.id_str_size
  const end = nameStart + fields.name_size
  if (end > bytes.length) throw damaged(path, 'a snapshot entry runs past the end of the file', offset)
  checkL1({ offset: fields.l1_table_offset, entries: fields.l1_size }, place)
  // Older images have less extra data: a field counts only where it is there whole.
  const extraBytes = new Uint8Array(SNAPSHOT_EXTRA.size)
  extraBytes.set(bytes.subarray(SNAPSHOT_ENTRY.size, SNAPSHOT_ENTRY.size + Math.min(extraSize, extraBytes.length)))
  const extra = SNAPSHOT_EXTRA.decode(extraBytes, { path, offset: offset + SNAPSHOT_ENTRY.size })
  const facts: SnapshotFacts = {
    id: textOf(bytes.subarray(idStart, nameStart)),
    name: textOf(bytes.subarray(nameStart, end)),
    vmStateSize: extraSize >= 8 ? extra.vm_state_size_large : fields.vm_state_size,
    createdAt: fields.date_sec * 1000 + Math.floor(fields.date_nsec / 1e6),
    nanoseconds: fields.date_nsec,
    vmClockNanoseconds: Number(fields.vm_clock_nsec),
    ...(extraSize >= 16 && { virtualSize: extra.disk_size }),
    ...(extraSize >= 24 && extra.icount !== NO_ICOUNT && { icount: Number(extra.icount) }),
  }
  const size = roundUp(end, 8)
  return { snapshot: { facts, l1: { offset: fields.l1_table_offset, entries: fields.l1_size } }, size }
}

const NO_ICOUNT = 2n ** 64n - 1n

function checkL1(l1: { offset: number; entries: number }, { path, offset, clusterSize }: EntryPlace): void {
  if (l1.offset % clusterSize !== 0)
    throw damaged(path, `a snapshot’s L1 table is at offset ${l1.offset}, which is not a cluster boundary`, offset)
  if (l1Bytes(l1.entries) > MAX_L1_BYTES)
    throw damaged(path, `a snapshot’s L1 table has ${l1.entries} entries, more than an image can have`, offset)
}

async function readUpTo(storage: Storage, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, await storage.read(offset, bytes))
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
