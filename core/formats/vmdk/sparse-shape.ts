// What the header of a sparse extent says, checked, and in bytes: the same for all three kinds of sparse extents.

import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { isPowerOfTwo } from '../../model/units.ts'
import { notValid, unsupported } from './damage.ts'
import {
  COMPRESSION_DEFLATE,
  COWD_HEADER,
  COWD_MAGIC,
  COWD_TABLE_ENTRIES,
  DIRECTORY_AT_END,
  FLAG,
  MARKER,
  MAX_DESCRIPTOR,
  MAX_DIRECTORY,
  MAX_GRAIN,
  METADATA_MARKER,
  NEWLINES,
  SECTOR,
  SE_HEADER,
  SE_MAGIC,
  SE_VERSION,
  SE_VOLATILE,
  SE_VOLATILE_MAGIC,
  SPARSE_HEADER,
  SPARSE_MAGIC,
} from './layout.ts'
import type { SparseHeader } from './layout.ts'

/** All in bytes. */
export interface SparseShape {
  readonly kind: 'hosted' | 'cowd' | 'se'
  readonly capacity: number
  readonly grainSize: number
  readonly tableEntries: number
  readonly tableCount: number
  readonly directory: number
  /** The second directory, whose tables say the same. */
  readonly redundant?: number
  /** An entry of 1 means zeros. */
  readonly zeroGrains: boolean
  readonly packed?: { readonly markers: boolean }
  /** Set while another program has the extent open, and left behind when that one crashed. */
  readonly unclean: boolean
  /** Where in the file a descriptor may be. */
  readonly descriptor?: { readonly offset: number; readonly length: number }
  /** Where metadata ends and grains begin, in new files. */
  readonly overhead: number
  /** Where the tables and the grains of a seSparse extent start. */
  readonly se?: { readonly tables: number; readonly grains: number; readonly tableLimit: number }
  /** Writers of other kinds keep more than the tables up to date. */
  readonly readOnly?: string
}

export function hasSparseMagic(head: Uint8Array): boolean {
  if (head.length < SECTOR) return false
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0, true)
  return magic === SPARSE_MAGIC || magic === COWD_MAGIC || magic === Number(SE_MAGIC)
}

/** Throws `invalid-image` or `unsupported`. */
export async function readShape(storage: Storage): Promise<SparseShape> {
  const path = storage.name
  const head = new Uint8Array(SECTOR)
  const count = await storage.read(0, head)
  const magic = count < 4 ? 0 : new DataView(head.buffer).getUint32(0, true)
  if (magic === COWD_MAGIC) return checkTables(cowdShape(head, path), storage)
  if (magic === Number(SE_MAGIC)) return checkTables(await seShape(head, storage), storage)
  if (magic !== SPARSE_MAGIC) throw notValid(path, 'it should be a sparse extent and has no header of one', 0)
  let header = SPARSE_HEADER.decode(head.subarray(0, count), { path, offset: 0 })
  if (header.directory === DIRECTORY_AT_END) header = { ...(await readFooter(storage)), ...descriptorOf(header) }
  return checkTables(hostedShape(header, path, await storage.size()), storage)
}

function descriptorOf({ descriptor_offset, descriptor_size }: SparseHeader) {
  return { descriptor_offset, descriptor_size }
}

function hostedShape(header: SparseHeader, path: string, size: number): SparseShape {
  const { version, flags, compression, entries_per_table: tableEntries } = header
  const { fields } = SPARSE_HEADER
  if (version < 1 || version > 3)
    throw unsupported(path, `is in version ${version} of the VMDK format, and Spindle knows 1 to 3`)
  if (flags & FLAG.newlines && !header.newlines.every((byte, index) => byte === NEWLINES[index]))
    throw notValid(
      path,
      'it was copied as if it were text, which has changed bytes all over it',
      fields.newlines.offset,
    )
  const packed = (flags & FLAG.compressed) !== 0
  if (compression > COMPRESSION_DEFLATE || (packed && compression !== COMPRESSION_DEFLATE))
    throw unsupported(path, `is packed in a way Spindle does not know (${compression})`)
  const grainSize = grainOf(header.grain_size, path, 8)
  const capacity = bytesOf(header.capacity, 'its size', path)
  if (tableEntries === 0 || tableEntries > 65_536)
    throw notValid(path, `its tables are said to have ${tableEntries} entries`, fields.entries_per_table.offset)
  const overhead = bytesOf(header.overhead, 'the end of its tables', path)
  if (overhead > size)
    throw notValid(path, `its tables alone should take ${overhead} bytes, and the file has ${size}: it is cut off`, 64)
  const offset = header.descriptor_offset * SECTOR
  const length = header.descriptor_size * SECTOR
  if (offset > 0 && length > 0 && (offset + length > size || length > MAX_DESCRIPTOR))
    throw notValid(path, 'its descriptor does not lie inside the file', fields.descriptor_offset.offset)
  const hasRedundant = (flags & FLAG.redundantTables) !== 0
  return {
    kind: 'hosted',
    capacity,
    grainSize,
    tableEntries,
    tableCount: Math.ceil(capacity / (grainSize * tableEntries)),
    directory: bytesOf(header.directory, 'the place of its tables', path),
    ...(hasRedundant && { redundant: bytesOf(header.redundant_directory, 'the place of its second tables', path) }),
    zeroGrains: (flags & FLAG.zeroGrains) !== 0,
    ...(packed && { packed: { markers: (flags & FLAG.markers) !== 0 } }),
    unclean: header.unclean_shutdown !== 0,
    ...(offset > 0 && length > 0 && { descriptor: { offset, length } }),
    overhead,
    ...(packed
      ? { readOnly: 'is packed for transport, and what is packed cannot be changed in its place' }
      : version === 3 && { readOnly: 'is tracked for backups by a VMware server, which would not notice a change' }),
  }
}

/** A file that was written from front to back has its header once more at the end, with what was known only then. */
async function readFooter(storage: Storage): Promise<SparseHeader> {
  const path = storage.name
  const offset = (await storage.size()) - 3 * SECTOR
  const bytes = new Uint8Array(3 * SECTOR)
  if (offset >= 0) await readPadded(storage, offset, bytes)
  const place = { path, offset: Math.max(0, offset) }
  const marker = METADATA_MARKER.decode(bytes, place)
  const end = METADATA_MARKER.decode(bytes.subarray(2 * SECTOR), place)
  const header = SPARSE_HEADER.decode(bytes.subarray(SECTOR), place)
  const isFooter = marker.length === 0 && marker.kind === MARKER.footer && header.magic === SPARSE_MAGIC
  if (isFooter && end.length === 0 && end.kind === MARKER.endOfStream && header.directory !== DIRECTORY_AT_END)
    return header
  throw notValid(path, 'the header at its end, which tells where its tables are, is not there: it is cut off')
}

function cowdShape(head: Uint8Array, path: string): SparseShape {
  const header = COWD_HEADER.decode(head, { path, offset: 0 })
  if (header.version !== 1)
    throw unsupported(path, `is in version ${header.version} of the COWD format, and Spindle knows 1`)
  const grainSize = grainOf(BigInt(header.grain_size), path, 1)
  const capacity = header.capacity * SECTOR
  const tableCount = Math.ceil(capacity / (grainSize * COWD_TABLE_ENTRIES))
  if (header.directory_entries < tableCount)
    throw notValid(path, `${header.directory_entries} tables cannot cover a disk of ${capacity} bytes`, 24)
  return {
    kind: 'cowd',
    capacity,
    grainSize,
    tableEntries: COWD_TABLE_ENTRIES,
    tableCount,
    directory: header.directory * SECTOR,
    zeroGrains: false,
    unclean: false,
    overhead: 0,
    readOnly: 'is a delta disk of an old ESX server, which Spindle can only read',
  }
}

async function seShape(head: Uint8Array, storage: Storage): Promise<SparseShape> {
  const path = storage.name
  const header = SE_HEADER.decode(head, { path, offset: 0 })
  if (header.version !== SE_VERSION)
    throw unsupported(
      path,
      `is in version ${header.version.toString(16)} of the seSparse format, and Spindle knows 2.1`,
    )
  if (header.flags !== 0n) throw unsupported(path, 'uses features of the seSparse format that Spindle does not know')
  if (header.grain_size !== 8n || header.table_size !== 64n)
    throw unsupported(path, 'has grains or tables of a size that seSparse extents never have')
  const volatile = new Uint8Array(SE_VOLATILE.size)
  await readPadded(storage, header.volatile_header * SECTOR, volatile)
  const { magic, replay_journal } = SE_VOLATILE.decode(volatile, { path, offset: header.volatile_header * SECTOR })
  if (magic !== SE_VOLATILE_MAGIC) throw notValid(path, 'its second header is not where the first one says')
  if (replay_journal !== 0)
    throw unsupported(path, 'was not closed by its server, and its journal must be carried out there first')
  const grainSize = 8 * SECTOR
  const tableEntries = (64 * SECTOR) / 8
  const capacity = bytesOf(header.capacity, 'its size', path)
  const tableCount = Math.ceil(capacity / (grainSize * tableEntries))
  if ((header.directory_size * SECTOR) / 8 < tableCount)
    throw notValid(path, `its directory is too small for a disk of ${capacity} bytes`, 136)
  return {
    kind: 'se',
    capacity,
    grainSize,
    tableEntries,
    tableCount,
    directory: header.directory * SECTOR,
    zeroGrains: true,
    unclean: false,
    overhead: 0,
    se: {
      tables: header.tables * SECTOR,
      grains: header.grains * SECTOR,
      tableLimit: Math.floor(header.tables_size / 64),
    },
    readOnly: 'is a seSparse disk of an ESXi server, which Spindle can only read',
  }
}

/** The directories must lie inside the file, or their size would be anything a header says. */
async function checkTables(shape: SparseShape, storage: Storage): Promise<SparseShape> {
  const size = await storage.size()
  const length = shape.tableCount * (shape.kind === 'se' ? 8 : 4)
  if (length > MAX_DIRECTORY)
    throw notValid(storage.name, `its disk of ${shape.capacity} bytes would need a directory of ${length} bytes`)
  for (const offset of [shape.directory, shape.redundant]) {
    if (offset === undefined || (offset >= SECTOR && offset + length <= size) || length === 0) continue
    throw notValid(storage.name, `its directory of tables at ${offset} does not lie inside the file of ${size} bytes`)
  }
  return shape
}

function grainOf(sectors: bigint, path: string, least: number): number {
  if (sectors >= BigInt(least) && sectors <= BigInt(MAX_GRAIN) && isPowerOfTwo(Number(sectors)))
    return Number(sectors) * SECTOR
  throw notValid(path, `its grains are said to be ${sectors} sectors large`, SPARSE_HEADER.fields.grain_size.offset)
}

function bytesOf(sectors: bigint, what: string, path: string): number {
  const value = sectors * BigInt(SECTOR)
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  throw notValid(path, `${what} is said to be sector ${sectors}, more than any disk has`)
}
