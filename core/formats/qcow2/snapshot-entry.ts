// One entry of the snapshot table: read as far as Spindle knows it, kept byte for byte where it does not.

import type { SnapshotFacts } from '../../model/image.ts'
import { roundUp } from '../../model/units.ts'
import { damaged } from './damage.ts'
import { l1Bytes } from './geometry.ts'
import { MAX_L1_BYTES, MAX_SNAPSHOT_EXTRA, SNAPSHOT_ENTRY, SNAPSHOT_EXTRA } from './layout.ts'

export interface L1Place {
  /** Host bytes. */
  readonly offset: number
  readonly entries: number
}

export interface Snapshot {
  readonly facts: SnapshotFacts
  readonly l1: L1Place
  /** The whole entry as it is in the table, padding included. */
  readonly entry: Uint8Array
}

export interface EntryPlace {
  readonly path: string
  /** Of the entry's first byte in that file. */
  readonly offset: number
  readonly clusterSize: number
}

/** The longest an entry can be, padding included. */
export const MAX_SNAPSHOT_ENTRY = roundUp(SNAPSHOT_ENTRY.size + MAX_SNAPSHOT_EXTRA + 2 * 0xff_ff, 8)
const NO_ICOUNT = 2n ** 64n - 1n

/** The entry at the start of `bytes`. Throws `invalid-image` when there is none. */
export function decodeSnapshot(bytes: Uint8Array, place: EntryPlace): Snapshot {
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
  const l1 = { offset: fields.l1_table_offset, entries: fields.l1_size }
  checkL1(l1, place)
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
  return { facts, l1, entry: padded(bytes.subarray(0, end)) }
}

/** What a new entry says. */
export interface NewSnapshot {
  readonly facts: SnapshotFacts & { readonly virtualSize: number }
  readonly l1: L1Place
}

export function encodeSnapshot({ facts, l1 }: NewSnapshot): Snapshot {
  const id = new TextEncoder().encode(facts.id)
  const name = new TextEncoder().encode(facts.name)
  const head = SNAPSHOT_ENTRY.encode({
    l1_table_offset: l1.offset,
    l1_size: l1.entries,
    id_str_size: id.length,
    name_size: name.length,
    date_sec: Math.floor(facts.createdAt / 1000),
    date_nsec: facts.nanoseconds,
    vm_clock_nsec: BigInt(facts.vmClockNanoseconds),
    // Only for readers that do not know the larger field.
    vm_state_size: Math.min(facts.vmStateSize, 0xffff_ffff),
    extra_data_size: SNAPSHOT_EXTRA.size,
  })
  const extra = SNAPSHOT_EXTRA.encode({
    vm_state_size_large: facts.vmStateSize,
    disk_size: facts.virtualSize,
    icount: facts.icount === undefined ? NO_ICOUNT : BigInt(facts.icount),
  })
  return { facts, l1, entry: padded(Buffer.concat([head, extra, id, name])) }
}

/** The same entry with another name, whatever else it holds. */
export function renamed(snapshot: Snapshot, name: string): Snapshot {
  const { entry } = snapshot
  const bytes = new TextEncoder().encode(name)
  const fields = SNAPSHOT_ENTRY.decode(entry, { path: '', offset: 0 })
  const nameStart = SNAPSHOT_ENTRY.size + fields.extra_data_size + fields.id_str_size
  const head = SNAPSHOT_ENTRY.encode({ ...fields, name_size: bytes.length })
  const changed = padded(Buffer.concat([head, entry.subarray(SNAPSHOT_ENTRY.size, nameStart), bytes]))
  return { ...snapshot, facts: { ...snapshot.facts, name }, entry: changed }
}

function checkL1(l1: L1Place, { path, offset, clusterSize }: EntryPlace): void {
  if (l1.offset % clusterSize !== 0)
    throw damaged(path, `a snapshot’s L1 table is at offset ${l1.offset}, which is not a cluster boundary`, offset)
  if (l1Bytes(l1.entries) > MAX_L1_BYTES)
    throw damaged(path, `a snapshot’s L1 table has ${l1.entries} entries, more than an image can have`, offset)
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(roundUp(bytes.length, 8))
  whole.set(bytes)
  return whole
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
