// Reading, checking and changing the header, with the backing file’s name behind it.

import { notValid } from '../../image/damage.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { formatSize, isPowerOfTwo, roundDown } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { geometryOf } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import {
  FEATURE,
  HEADER,
  MAGIC,
  MAX_BACKING_NAME,
  MAX_CLUSTER_SIZE,
  MAX_HEADER_CLUSTERS,
  MAX_TABLE_SIZE,
  MIN_CLUSTER_SIZE,
  SECTOR,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'

type FieldName = keyof HeaderFields

export interface Opened {
  readonly header: HeaderFields
  readonly geometry: Geometry
  /** Bytes of the file in whole clusters: what is left over belongs to nothing. */
  readonly size: number
  readonly backing?: BackingRef
}

/** Throws `invalid-image` or `unsupported` for a header no disk can be read by. */
export async function openHeader(storage: Storage): Promise<Opened> {
  const path = storage.name
  const bytes = new Uint8Array(HEADER.size)
  const length = await storage.read(0, bytes)
  if (length < HEADER.size)
    throw notValid(path, 'QED', `the file ends after ${length} bytes, inside the header`, length)
  const header = HEADER.decode(bytes, { path, offset: 0 })
  checkKind(header, path)
  const geometry = geometryOf(header.cluster_size, header.table_size)
  const size = roundDown(await storage.size(), header.cluster_size)
  checkSizes(header, geometry, path)
  const start = header.header_size * header.cluster_size
  const { l1_table_offset: l1 } = header
  if (l1 % header.cluster_size !== 0 || l1 < start || l1 + geometry.tableSize > size)
    throw refused(
      path,
      'l1_table_offset',
      `its L1 table would be from offset ${l1} to ${l1 + geometry.tableSize}, where it cannot be in a file of ${size} bytes; the file may have been cut off`,
    )
  const backing = await readBacking(storage, header)
  return { header, geometry, size, ...(backing && { backing }) }
}

/** Durable only after a flush. */
export async function writeHeader(storage: Storage, header: HeaderFields): Promise<void> {
  await storage.write(0, HEADER.encode(header))
}

/** The header and the name behind it, as long as it was before or longer. Throws nothing: that it fits is known. */
export function encodeWithBacking(header: HeaderFields, backing: BackingRef | undefined, atLeast = 0): Uint8Array {
  const name = new TextEncoder().encode(backing?.path ?? '')
  const bytes = new Uint8Array(Math.max(HEADER.size + name.length, atLeast))
  const { features } = header
  const others = features & ~(FEATURE.backing | FEATURE.rawBacking)
  const raw = backing?.format === 'raw' ? FEATURE.rawBacking : 0n
  bytes.set(
    HEADER.encode({
      ...header,
      features: backing ? others | FEATURE.backing | raw : others,
      backing_filename_offset: backing ? HEADER.size : 0,
      backing_filename_size: name.length,
    }),
  )
  bytes.set(name, HEADER.size)
  return bytes
}

/** Why this name cannot stand in an image; undefined when it can. */
export function backingNameProblem({ path }: BackingRef): string | undefined {
  const length = Buffer.byteLength(path)
  if (length > 0 && length <= MAX_BACKING_NAME) return undefined
  return `The backing file’s name is ${length} bytes long; 1 to ${MAX_BACKING_NAME} fit.`
}

function checkKind({ magic, features, cluster_size, table_size }: HeaderFields, path: string): void {
  if (magic !== MAGIC) throw refused(path, 'magic', 'its signature is missing')
  const known = FEATURE.backing | FEATURE.needCheck | FEATURE.rawBacking
  if ((features & ~known) !== 0n)
    throw new SpindleError(
      'unsupported',
      `${path} uses features Spindle does not know (0x${(features & ~known).toString(16)}). Its data cannot be read; nothing was changed.`,
      { path, offset: HEADER.fields.features.offset },
    )
  if (!isPowerOfTwo(cluster_size) || cluster_size < MIN_CLUSTER_SIZE || cluster_size > MAX_CLUSTER_SIZE)
    throw refused(
      path,
      'cluster_size',
      `its clusters are ${cluster_size} bytes long, which is no power of two from ${formatSize(MIN_CLUSTER_SIZE)} to ${formatSize(MAX_CLUSTER_SIZE)}`,
    )
  if (!isPowerOfTwo(table_size) || table_size > MAX_TABLE_SIZE)
    throw refused(path, 'table_size', `its tables are ${table_size} clusters long, and only 1, 2, 4, 8 or 16 can be`)
}

function checkSizes({ image_size, header_size }: HeaderFields, geometry: Geometry, path: string): void {
  if (image_size % SECTOR !== 0)
    throw refused(path, 'image_size', `its disk of ${image_size} bytes is no whole number of sectors`)
  if (image_size > geometry.maxSize)
    throw refused(
      path,
      'image_size',
      `its disk of ${image_size} bytes is larger than its tables can tell of, which is ${formatSize(geometry.maxSize)}`,
    )
  if (header_size < 1 || header_size > MAX_HEADER_CLUSTERS)
    throw refused(path, 'header_size', `its header would be ${header_size} clusters long`)
}

async function readBacking(storage: Storage, header: HeaderFields): Promise<BackingRef | undefined> {
  const { features, backing_filename_offset: offset, backing_filename_size: length } = header
  if ((features & FEATURE.backing) === 0n) return undefined
  const path = storage.name
  if (offset < HEADER.size || offset + length > header.header_size * header.cluster_size)
    throw refused(path, 'backing_filename_offset', 'the name of its backing file lies outside of the header')
  if (length === 0 || length > MAX_BACKING_NAME + 1)
    throw refused(
      path,
      'backing_filename_size',
      `the name of its backing file is ${length} bytes long; 1 to ${MAX_BACKING_NAME} can be`,
    )
  const bytes = new Uint8Array(length)
  await storage.read(offset, bytes)
  const [name = ''] = new TextDecoder().decode(bytes).split('\0')
  if (name === '') throw refused(path, 'backing_filename_offset', 'the name of its backing file is empty')
  return { path: name, ...((features & FEATURE.rawBacking) !== 0n && { format: 'raw' }) }
}

function refused(path: string, field: FieldName, what: string): SpindleError {
  return notValid(path, 'QED', what, HEADER.fields[field].offset)
}
