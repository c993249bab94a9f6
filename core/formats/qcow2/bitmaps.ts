// The directory of dirty bitmaps: its entries, read and written.

import type { BitmapFacts } from '../../model/image.ts'
import { roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { notValid, printable } from './damage.ts'
import type { Geometry } from './geometry.ts'
import {
  BITMAP_ENTRY,
  MAX_BITMAP_BYTES,
  MAX_BITMAP_GRANULARITY_BITS,
  MAX_BITMAP_NAME,
  MAX_BITMAP_TABLE_ENTRIES,
  MIN_BITMAP_GRANULARITY_BITS,
} from './layout.ts'
import type { BitmapsExtension } from './layout.ts'

const IN_USE = 1
const AUTO = 2
const DIRTY_TRACKING = 1

export interface Bitmap {
  readonly facts: BitmapFacts
  readonly table: { readonly offset: number; readonly entries: number }
  /** As it stands in the directory, with whatever Spindle does not know of. */
  readonly entry: Uint8Array
}

/** A bitmap that is kept up to date, with its table there. */
export function newBitmap(name: string, granularity: number, table: Bitmap['table']): Bitmap {
  const text = new TextEncoder().encode(name)
  const entry = new Uint8Array(roundUp(BITMAP_ENTRY.size + text.length, 8))
  const fields = {
    bitmap_table_offset: table.offset,
    bitmap_table_size: table.entries,
    flags: AUTO,
    type: DIRTY_TRACKING,
    granularity_bits: Math.log2(granularity),
    name_size: text.length,
    extra_data_size: 0,
  }
  entry.set(BITMAP_ENTRY.encode(fields))
  entry.set(text, BITMAP_ENTRY.size)
  return { facts: { name, granularity, flags: ['auto'] }, table, entry }
}

/** The same bitmap with its table elsewhere. */
export function movedBitmap({ facts, table, entry }: Bitmap, offset: number): Bitmap {
  const moved = entry.slice()
  new DataView(moved.buffer).setBigUint64(BITMAP_ENTRY.fields.bitmap_table_offset.offset, BigInt(offset))
  return { facts, table: { ...table, offset }, entry: moved }
}

/** The same bitmap, kept up to date from now on or no longer. */
export function switchedBitmap({ facts, table, entry }: Bitmap, enabled: boolean): Bitmap {
  const switched = entry.slice()
  const view = new DataView(switched.buffer)
  const at = BITMAP_ENTRY.fields.flags.offset
  view.setUint32(at, enabled ? view.getUint32(at) | AUTO : view.getUint32(at) & ~AUTO)
  const others = facts.flags.filter((flag) => flag !== 'auto')
  return { facts: { ...facts, flags: enabled ? [...others, 'auto'] : others }, table, entry: switched }
}

/** How many entries the table of a bitmap needs. */
export function bitmapTableEntries({ virtualSize, clusterSize }: Geometry, granularity: number): number {
  return Math.ceil(Math.ceil(Math.ceil(virtualSize / granularity) / 8) / clusterSize)
}

/** All bitmaps of the directory. Throws `invalid-image` when it is not one. */
export async function readBitmaps(
  storage: Storage,
  extension: BitmapsExtension,
  geometry: Geometry,
  fileSize: number,
): Promise<readonly Bitmap[]> {
  const { nb_bitmaps: count, bitmap_directory_size: length, bitmap_directory_offset: offset } = extension
  const path = storage.name
  if (offset + length > fileSize)
    throw notValid(path, `its bitmap directory ends at offset ${offset + length}, past the end of the file`, offset)
  const directory = new Uint8Array(length)
  await storage.read(offset, directory)
  const bitmaps: Bitmap[] = []
  const names = new Set<string>()
  for (let at = 0; at < length;) {
    const { bitmap, size } = decode(directory.subarray(at), { path, offset: offset + at, geometry })
    if (names.has(bitmap.facts.name))
      throw notValid(path, `two of its bitmaps are named “${printable(bitmap.facts.name)}”`, offset + at)
    names.add(bitmap.facts.name)
    bitmaps.push(bitmap)
    at += size
  }
  if (bitmaps.length !== count)
    throw notValid(path, `its bitmap directory holds ${bitmaps.length} bitmaps instead of ${count}`, offset)
  return bitmaps
}

interface EntryPlace {
  readonly path: string
  readonly offset: number
  readonly geometry: Geometry
}

function decode(bytes: Uint8Array, place: EntryPlace): { bitmap: Bitmap; size: number } {
  const { path, offset, geometry } = place
  const fields = BITMAP_ENTRY.decode(bytes, place)
  const nameStart = BITMAP_ENTRY.size + fields.extra_data_size
  const size = roundUp(nameStart + fields.name_size, 8)
  if (size > bytes.length) throw notValid(path, 'a bitmap’s entry runs past the end of the directory', offset)
  if (fields.name_size === 0 || fields.name_size > MAX_BITMAP_NAME)
    throw notValid(
      path,
      `a bitmap’s name is ${fields.name_size} bytes long, and 1 to ${MAX_BITMAP_NAME} are allowed`,
      offset,
    )
  const name = new TextDecoder().decode(bytes.subarray(nameStart, nameStart + fields.name_size))
  const refuse = (what: string) => notValid(path, `its bitmap “${printable(name)}” ${what}`, offset)
  const { granularity_bits: bits, bitmap_table_size: entries, bitmap_table_offset: table } = fields
  if (fields.type !== DIRTY_TRACKING) throw refuse(`is of the unknown type ${fields.type}`)
  if (bits < MIN_BITMAP_GRANULARITY_BITS || bits > MAX_BITMAP_GRANULARITY_BITS)
    throw refuse(`has granularity 2^${bits}, and 2^9 to 2^31 are allowed`)
  if (table === 0 || table % geometry.clusterSize !== 0)
    throw refuse(`has its table at offset ${table}, which is no place for it`)
  if (entries > MAX_BITMAP_TABLE_ENTRIES || entries * geometry.clusterSize > MAX_BITMAP_BYTES)
    throw refuse(`claims a table of ${entries} entries, more than a bitmap can have`)
  // A bitmap that was being written may be left over from before the disk grew.
  const needed = bitmapTableEntries(geometry, 2 ** bits)
  if (entries < needed && (fields.flags & IN_USE) === 0)
    throw refuse(`has a table of ${entries} entries, and this disk needs ${needed}`)
  const flags = [
    ...(fields.flags & IN_USE ? ['in-use' as const] : []),
    ...(fields.flags & AUTO ? ['auto' as const] : []),
  ]
  const facts = { name, granularity: 2 ** bits, flags }
  return { bitmap: { facts, table: { offset: table, entries }, entry: bytes.slice(0, size) }, size }
}
