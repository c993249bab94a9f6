// The directory of dirty bitmaps, as far as describing them needs.

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
  const needed = Math.ceil(Math.ceil(geometry.virtualSize / 2 ** bits) / 8 / geometry.clusterSize)
  if (entries < needed && (fields.flags & IN_USE) === 0)
    throw refuse(`has a table of ${entries} entries, and this disk needs ${needed}`)
  const flags = [
    ...(fields.flags & IN_USE ? ['in-use' as const] : []),
    ...(fields.flags & AUTO ? ['auto' as const] : []),
  ]
  return { bitmap: { facts: { name, granularity: 2 ** bits, flags }, table: { offset: table, entries } }, size }
}
