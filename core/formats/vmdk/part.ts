// The parts a disk is made of, one after the other: each says where its own bytes are.

import { ExtentList } from '../../image/extent-list.ts'
import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { cannotRead, unsupported } from './damage.ts'
import type { ExtentLine } from './descriptor.ts'
import { GrainTables, NOTHING, ZEROS } from './grain-tables.ts'
import { GRAIN_MARKER, SECTOR } from './layout.ts'

interface PartBase {
  /** Guest bytes. */
  readonly start: number
  readonly length: number
  readonly access: ExtentLine['access']
}
export interface SparsePart extends PartBase {
  readonly kind: 'sparse'
  readonly tables: GrainTables
}
export interface FlatPart extends PartBase {
  readonly kind: 'flat'
  readonly storage: Storage
  /** Where the part starts in its file. */
  readonly offset: number
}
export interface ZeroPart extends PartBase {
  readonly kind: 'zero'
}
export type Part = SparsePart | FlatPart | ZeroPart

/** Tables one answer may take from. */
const TABLES_AT_ONCE = 64
/** Packed grains one answer may be about: each costs a look at its marker. */
const PACKED_AT_ONCE = 256

export function partAt(parts: readonly Part[], offset: number): Part | undefined {
  let low = 0
  let high = parts.length
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if ((parts[middle]?.start ?? 0) <= offset) low = middle
    else high = middle
  }
  return parts[low]
}

/** Where the bytes from `offset` on, in the part, are: at least one extent, at most `length` bytes. */
export async function mapPart(part: Part, offset: number, length: number): Promise<ExtentList> {
  const list = new ExtentList()
  const file = part.kind === 'flat' ? part.storage : part.kind === 'sparse' ? part.tables.storage : undefined
  if (part.access === 'NOACCESS' && file)
    throw unsupported(file.name, 'holds a part of the disk that its descriptor allows no one to read')
  if (part.kind === 'zero') list.add({ kind: 'zero', length })
  else if (part.kind === 'flat') await mapFlat(part, offset, length, list)
  else if (part.tables.shape.packed) await mapPacked(part.tables, offset, length, list)
  else await mapSparse(part.tables, offset, length, list)
  return list
}

async function mapFlat({ storage, offset: start }: FlatPart, at: number, length: number, list: ExtentList) {
  const offset = start + at
  const size = await storage.size()
  if (offset >= size)
    throw cannotRead(storage.name, `it ends after ${size} bytes, and byte ${offset} of it is part of the disk`, size)
  const segment = await storage.segment(offset)
  const known = Math.min(length, segment.length, size - offset)
  list.add(
    segment.hole ? { kind: 'zero', length: known, storage, offset } : { kind: 'data', length: known, storage, offset },
  )
}

async function mapSparse(tables: GrainTables, offset: number, length: number, list: ExtentList): Promise<void> {
  const { shape, storage } = tables
  const { grainSize, tableEntries } = shape
  const span = grainSize * tableEntries
  const size = await storage.size()
  const end = Math.min(offset + length, (Math.floor(offset / span) + TABLES_AT_ONCE) * span)
  for (let position = offset; position < end;) {
    const tableIndex = Math.floor(position / span)
    const tableEnd = Math.min(end, (tableIndex + 1) * span)
    const table = await tableOrStop(tables, tableIndex, list)
    if (table === 'stop') return
    while (position < tableEnd) {
      const index = Math.floor(position / grainSize) % tableEntries
      const entry = table?.[index] ?? NOTHING
      const run = table ? runOf(table, index, entry, grainSize) : tableEntries - index
      const skip = position % grainSize
      const stop = Math.min(tableEnd, position - skip + run * grainSize)
      if (entry === NOTHING) list.add({ kind: 'hole', length: stop - position })
      else if (entry === ZEROS) list.add({ kind: 'zero', length: stop - position })
      else if (entry + skip < size) {
        const inside = Math.min(stop, position - skip + Math.ceil((size - entry) / grainSize) * grainSize)
        list.add({ kind: 'data', length: inside - position, storage, offset: entry + skip })
        position = inside
        continue
      } else if (list.isEmpty) throw pastEnd(storage, position, entry)
      else return
      position = stop
    }
  }
}

/** What lies before damage can still be told. */
async function tableOrStop(tables: GrainTables, index: number, list: ExtentList) {
  if (list.isEmpty) return tables.table(index)
  return tables.table(index).catch(() => 'stop' as const)
}

/** Entries from `index` on that continue this one. */
function runOf(table: Float64Array, index: number, entry: number, grainSize: number): number {
  const step = entry > ZEROS ? grainSize : 0
  let next = index + 1
  while (next < table.length && table[next] === entry + (next - index) * step) next += 1
  return next - index
}

async function mapPacked(tables: GrainTables, offset: number, length: number, list: ExtentList): Promise<void> {
  const { shape } = tables
  const { grainSize, tableEntries, capacity } = shape
  const end = offset + length
  for (let position = offset; position < end && list.count < PACKED_AT_ONCE;) {
    const grain = Math.floor(position / grainSize)
    const table = await tableOrStop(tables, Math.floor(grain / tableEntries), list)
    if (table === 'stop') return
    const skip = position % grainSize
    const stop = Math.min(end, position - skip + grainSize)
    const entry = table?.[grain % tableEntries] ?? NOTHING
    if (entry === NOTHING || entry === ZEROS) {
      list.add({ kind: entry === ZEROS ? 'zero' : 'hole', length: stop - position })
    } else {
      const stream = await packedGrain(tables, grain, entry)
      if (typeof stream === 'string') {
        if (list.isEmpty) throw cannotRead(tables.storage.name, stream, entry)
        return
      }
      list.add({
        kind: 'packed',
        length: stop - position,
        storage: tables.storage,
        ...stream,
        codec: 'zlib',
        unpackedLength: Math.min(grainSize, capacity - grain * grainSize),
        skip,
      })
    }
    position = stop
  }
}

/** Where the stream of a packed grain is, or what is wrong with it. */
export async function packedGrain(
  { shape, storage }: GrainTables,
  grain: number,
  entry: number,
): Promise<{ readonly offset: number; readonly packedLength: number } | string> {
  const size = await storage.size()
  const { grainSize, packed } = shape
  const offset = packed?.markers === true ? entry + GRAIN_MARKER.size : entry
  if (!(offset < size)) return `a packed grain should be at ${entry}, past the end of the file of ${size} bytes`
  if (packed?.markers !== true) return { offset, packedLength: Math.min(2 * grainSize, size - offset) }
  const bytes = new Uint8Array(GRAIN_MARKER.size)
  await readPadded(storage, entry, bytes)
  const view = new DataView(bytes.buffer)
  const sector = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  const packedLength = view.getUint32(8, true)
  if (sector * SECTOR !== grain * grainSize)
    return `the packed grain at ${entry} says it belongs to sector ${sector}, and the tables say ${(grain * grainSize) / SECTOR}`
  if (packedLength === 0 || packedLength > 2 * grainSize || offset + packedLength > size)
    return `the packed grain at ${entry} says it is ${packedLength} bytes long, which cannot be`
  return { offset, packedLength }
}

function pastEnd(storage: Storage, position: number, entry: number) {
  const where = Number.isFinite(entry)
    ? `should be at ${entry}, past the end of the file`
    : 'has an entry that means nothing'
  return cannotRead(storage.name, `the grain for byte ${position} of this extent ${where}`, entry)
}
