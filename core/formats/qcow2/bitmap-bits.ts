// The bits of a dirty bitmap: which ranges of the disk they mark, and marking more of them.

import type { GuestRange } from '../../image/facets.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Run } from './allocator.ts'
import type { Bitmap } from './bitmaps.ts'
import { damaged, printable } from './damage.ts'
import type { ImageFile } from './image-file.ts'
import { BITMAP_TABLE_ENTRY_SIZE } from './layout.ts'
import { roomOf } from './switch.ts'
import type { TreeWork } from './tree.ts'

const ALL_SET = 1n
const OFFSET = 0x00ff_ffff_ffff_fe00n

/** What an entry of the table says of its part of the bits. */
type Part = { readonly kind: 'none' } | { readonly kind: 'all' } | { readonly kind: 'bits'; readonly offset: number }

/** Guest ranges that are marked, ascending, each as long as it can be. */
export async function* markedRanges(file: ImageFile, bitmap: Bitmap): AsyncGenerator<GuestRange, void, undefined> {
  const { virtualSize, clusterSize } = file.geometry
  const { granularity } = bitmap.facts
  const table = await readTable(file, bitmap)
  const bitCount = Math.ceil(virtualSize / granularity)
  const bits = new Uint8Array(clusterSize)
  let start: number | undefined
  const range = (from: number, to: number): GuestRange => ({
    offset: from * granularity,
    length: Math.min(to * granularity, virtualSize) - from * granularity,
  })
  for (let first = 0; first < bitCount; first += clusterSize * 8) {
    const part = partOf(file, bitmap, table, first / (clusterSize * 8))
    if (part.kind === 'bits') await readPadded(file.storage, part.offset, bits)
    else bits.fill(part.kind === 'all' ? 0xff : 0)
    const count = Math.min(clusterSize * 8, bitCount - first)
    for (let bit = 0; bit < count;) {
      const byte = bits[bit >> 3] ?? 0
      const isWhole = bit % 8 === 0 && (byte === 0 || byte === 0xff)
      const isSet = ((byte >> (bit % 8)) & 1) === 1
      if (isSet) start ??= first + bit
      if (!isSet && start !== undefined) {
        yield range(start, first + bit)
        start = undefined
      }
      bit += isWhole ? 8 : 1
    }
  }
  if (start !== undefined) yield range(start, bitCount)
}

export interface Marked {
  readonly table: Uint8Array
  /** Room of the bits that others have replaced. */
  readonly replaced: readonly Run[]
}

/** Writes the bits of a bitmap with these ranges marked as well where nothing is yet. What there is stays as it is. */
export async function markRanges(
  { file, changes }: TreeWork,
  bitmap: Bitmap,
  ranges: AsyncIterable<GuestRange>,
): Promise<Marked> {
  const { storage, geometry } = file
  const { virtualSize, clusterSize } = geometry
  const { granularity } = bitmap.facts
  const table = await readTable(file, bitmap)
  const view = new DataView(table.buffer)
  const perCluster = clusterSize * 8
  const replaced: Run[] = []
  const bits = new Uint8Array(clusterSize)
  let index = -1
  let part: Part = { kind: 'all' }

  const store = async (): Promise<void> => {
    if (part.kind === 'all') return
    if (part.kind === 'bits') replaced.push(...roomOf(file, part.offset, clusterSize))
    const { first } = await changes.allocator.allocate(1)
    await storage.write(first * clusterSize, bits)
    view.setBigUint64(index * BITMAP_TABLE_ENTRY_SIZE, BigInt(first * clusterSize))
  }
  const load = async (next: number): Promise<void> => {
    if (next === index) return
    await store()
    index = next
    part = partOf(file, bitmap, table, index)
    if (part.kind === 'bits') await readPadded(storage, part.offset, bits)
    else bits.fill(0)
  }

  for await (const { offset, length } of ranges) {
    const end = Math.ceil(Math.min(offset + length, virtualSize) / granularity)
    for (let bit = Math.floor(offset / granularity); bit < end;) {
      await load(Math.floor(bit / perCluster))
      const stop = Math.min(end, (index + 1) * perCluster)
      setBits(bits, bit - index * perCluster, stop - index * perCluster)
      bit = stop
    }
  }
  await store()
  return { table, replaced }
}

/** All the room a bitmap takes. */
export async function roomOfBitmap(file: ImageFile, bitmap: Bitmap): Promise<readonly Run[]> {
  const table = await readTable(file, bitmap)
  const runs = [...roomOf(file, bitmap.table.offset, table.length)]
  for (let index = 0; index < bitmap.table.entries; index += 1) {
    const part = partOf(file, bitmap, table, index)
    if (part.kind === 'bits') runs.push(...roomOf(file, part.offset, file.geometry.clusterSize))
  }
  return runs
}

async function readTable({ storage }: ImageFile, { table }: Bitmap): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(table.entries * BITMAP_TABLE_ENTRY_SIZE)
  await readPadded(storage, table.offset, bytes)
  return bytes
}

function partOf(file: ImageFile, bitmap: Bitmap, table: Uint8Array, index: number): Part {
  const at = index * BITMAP_TABLE_ENTRY_SIZE
  const entry = new DataView(table.buffer, table.byteOffset).getBigUint64(at)
  if (entry === 0n) return { kind: 'none' }
  if (entry === ALL_SET) return { kind: 'all' }
  const offset = Number(entry & OFFSET)
  if (entry === BigInt(offset) && offset % file.geometry.clusterSize === 0 && offset < file.size)
    return { kind: 'bits', offset }
  const place = bitmap.table.offset + at
  throw damaged(
    file.storage.name,
    `entry ${index} of its bitmap “${printable(bitmap.facts.name)}”, at offset ${place}, leads nowhere`,
    place,
  )
}

function setBits(bits: Uint8Array, from: number, to: number): void {
  for (let bit = from; bit < to;) {
    const whole = bit % 8 === 0 ? Math.floor((to - bit) / 8) : 0
    if (whole > 0) {
      bits.fill(0xff, bit / 8, bit / 8 + whole)
      bit += whole * 8
    } else {
      bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit % 8))
      bit += 1
    }
  }
}
