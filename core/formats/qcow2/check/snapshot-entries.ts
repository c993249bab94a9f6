// The snapshot table as a check reads it: every entry with its place, so that one that is damaged can be named.

import { SpindleError } from '../../../model/error.ts'
import { MiB, roundUp } from '../../../model/units.ts'
import { readPadded } from '../../../storage/storage.ts'
import { printable } from '../damage.ts'
import { l1Bytes } from '../geometry.ts'
import {
  L1_ENTRY_SIZE,
  MAX_L1_BYTES,
  MAX_SNAPSHOTS,
  MAX_SNAPSHOT_EXTRA,
  MAX_SNAPSHOT_TABLE_BYTES,
  SNAPSHOT_ENTRY,
} from '../layout.ts'
import type { ValuesOf } from '../../../bytes/structure.ts'
import type { CheckedImage } from './checked-image.ts'

export interface SnapshotEntry {
  /** Where the entry is in the file, and its bytes without padding. */
  readonly offset: number
  readonly length: number
  readonly l1Offset: number
  readonly l1Entries: number
  readonly extraSize: number
  readonly id: string
  /** For messages. */
  readonly title: string
}

export interface SnapshotEntries {
  readonly entries: readonly SnapshotEntry[]
  /** Of the table, without the padding of its last entry. */
  readonly length: number
  /** Why the entries after these cannot be found: a clause about the table. */
  readonly problem?: string
}

const WINDOW = 64 * 1024
/** L1 tables of snapshots are read in pieces of this many bytes. */
const L1_PIECE = MiB
const LARGEST_ENTRY = SNAPSHOT_ENTRY.size + MAX_SNAPSHOT_EXTRA + 2 * 0xff_ff

export async function readSnapshotEntries(image: CheckedImage): Promise<SnapshotEntries> {
  const { storage, header, geometry } = image
  const { snapshots_offset: start, nb_snapshots: count } = header
  const entries: SnapshotEntry[] = []
  if (count === 0) return { entries, length: 0 }
  const stop = (problem: string): SnapshotEntries => ({ entries, length: length(), problem })
  const length = (): number => {
    const last = entries.at(-1)
    return last ? last.offset + last.length - start : 0
  }
  if (count > MAX_SNAPSHOTS) return stop(`claims ${count} entries, and ${MAX_SNAPSHOTS} are allowed`)
  if (start === 0 || start % geometry.clusterSize !== 0) return stop(`is at offset ${start}, which is no place for it`)
  let window = { offset: 0, bytes: new Uint8Array(0) }
  for (let offset = start; entries.length < count;) {
    if (window.offset + window.bytes.length - offset < LARGEST_ENTRY) {
      window = { offset, bytes: new Uint8Array(Math.max(WINDOW, LARGEST_ENTRY)) }
      await readPadded(storage, offset, window.bytes)
    }
    const bytes = window.bytes.subarray(offset - window.offset)
    const fields = decodeEntry(bytes)
    if (!fields) return stop('has an entry whose L1 table would be farther away than any file reaches')
    const { extra_data_size: extraSize, id_str_size: idSize, name_size: nameSize } = fields
    if (extraSize > MAX_SNAPSHOT_EXTRA)
      return stop(`has an entry with ${extraSize} bytes of extra data, and ${MAX_SNAPSHOT_EXTRA} are allowed`)
    const idStart = SNAPSHOT_ENTRY.size + extraSize
    const nameStart = idStart + idSize
    const size = nameStart + nameSize
    if (offset + size - start > MAX_SNAPSHOT_TABLE_BYTES)
      return stop(`is longer than ${MAX_SNAPSHOT_TABLE_BYTES} bytes`)
    if (offset + size > image.size) return stop('has an entry that runs past the end of the file')
    const id = new TextDecoder().decode(bytes.subarray(idStart, nameStart))
    const name = new TextDecoder().decode(bytes.subarray(nameStart, size))
    entries.push({
      offset,
      length: size,
      l1Offset: fields.l1_table_offset,
      l1Entries: fields.l1_size,
      extraSize,
      id,
      title: `“${printable(name)}” (${printable(id)})`,
    })
    offset += roundUp(size, 8)
  }
  return { entries, length: length() }
}

/** The header names a place for the table that cannot be one, though no table is there. */
export function hasStrayOffset({ header, geometry }: CheckedImage): boolean {
  return header.nb_snapshots === 0 && header.snapshots_offset % geometry.clusterSize !== 0
}

/** A clause about its L1 table; undefined when that is where it can be read. */
export function l1Problem({ l1Offset, l1Entries }: SnapshotEntry, { geometry }: CheckedImage): string | undefined {
  if (l1Offset % geometry.clusterSize !== 0) return `is at offset ${l1Offset}, which is not a cluster boundary`
  if (l1Bytes(l1Entries) > MAX_L1_BYTES) return `has ${l1Entries} entries, more than an image can have`
  return undefined
}

export interface L1Window {
  readonly view: DataView
  /** Index of its first entry, and the host offset of that. */
  readonly first: number
  readonly offset: number
}

/** The L1 table of a snapshot, some of it at a time; nothing of one that cannot be read. */
export async function* readSnapshotL1(
  image: CheckedImage,
  entry: SnapshotEntry,
): AsyncGenerator<L1Window, void, undefined> {
  if (l1Problem(entry, image)) return
  for (let first = 0; first < entry.l1Entries; first += L1_PIECE / L1_ENTRY_SIZE) {
    const offset = entry.l1Offset + l1Bytes(first)
    if (offset >= image.size) return
    const bytes = new Uint8Array(Math.min(L1_PIECE, l1Bytes(entry.l1Entries - first)))
    await readPadded(image.storage, offset, bytes)
    yield { view: new DataView(bytes.buffer), first, offset }
  }
}

function decodeEntry(bytes: Uint8Array): ValuesOf<typeof SNAPSHOT_ENTRY> | undefined {
  try {
    return SNAPSHOT_ENTRY.decode(bytes, { path: '', offset: 0 })
  } catch (error) {
    if (error instanceof SpindleError) return undefined
    throw error
  }
}
