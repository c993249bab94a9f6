// Reading the header, and holding every field of it against the format's rules and the file's size.

import { formatSize } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { notValid } from './damage.ts'
import { geometryOf, l1Bytes } from './geometry.ts'
import {
  CRYPT,
  HEADER,
  HEADER_LENGTH_V2,
  HEADER_LENGTH_V3,
  INCOMPATIBLE,
  MAGIC,
  MAX_BACKING_NAME,
  MAX_CLUSTER_BITS,
  MAX_L1_BYTES,
  MAX_REFCOUNT_ORDER,
  MAX_REFCOUNT_TABLE_BYTES,
  MAX_SNAPSHOTS,
  MIN_CLUSTER_BITS,
  MIN_EXTENDED_CLUSTER_BITS,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'

type FieldName = keyof HeaderFields

/** The header at the start of `bytes`; fields its version lacks have the values they stand for. */
export function decodeHeader(bytes: Uint8Array, path: string): HeaderFields {
  const head = HEADER.decode(padded(bytes.subarray(0, HEADER_LENGTH_V2)), { path, offset: 0 })
  if (bytes.length < 4 || head.magic !== MAGIC) throw notValid(path, 'its first four bytes are not “QFI\\xfb”', 0)
  if (bytes.length < HEADER_LENGTH_V2) throw cutOff(path, bytes.length)
  if (head.version === 2) return { ...head, refcount_order: 4, header_length: HEADER_LENGTH_V2 }
  if (head.version !== 3) refuse(path, 'version', `its version is ${head.version}, and there are only versions 2 and 3`)
  if (bytes.length < HEADER_LENGTH_V3) throw cutOff(path, bytes.length)
  const { header_length } = HEADER.decode(padded(bytes.subarray(0, HEADER_LENGTH_V3)), { path, offset: 0 })
  // What lies behind a shorter header is no field of it, and stands for zero.
  const known = Math.max(HEADER_LENGTH_V3, Math.min(header_length, HEADER.size))
  return HEADER.decode(padded(bytes.subarray(0, known)), { path, offset: 0 })
}

/** Throws `invalid-image` for the first field that breaks a rule. */
export function checkHeader(header: HeaderFields, fileSize: number, path: string): void {
  checkCluster(header, path)
  checkFeatures(header, path)
  checkRefcountTable(header, fileSize, path)
  checkSnapshots(header, fileSize, path)
  checkL1(header, fileSize, path)
  checkApart(header, path)
}

function checkCluster(header: HeaderFields, path: string): void {
  const { cluster_bits, header_length, backing_file_offset, backing_file_size } = header
  if (cluster_bits < MIN_CLUSTER_BITS || cluster_bits > MAX_CLUSTER_BITS)
    refuse(
      path,
      'cluster_bits',
      `cluster_bits is ${cluster_bits}, and ${MIN_CLUSTER_BITS} to ${MAX_CLUSTER_BITS} are allowed`,
    )
  const clusterSize = 2 ** cluster_bits
  if (header.version >= 3 && (header_length < HEADER_LENGTH_V3 || header_length > clusterSize))
    refuse(
      path,
      'header_length',
      `header_length is ${header_length}, and ${HEADER_LENGTH_V3} to ${clusterSize} are allowed`,
    )
  if (backing_file_offset === 0) return
  if (backing_file_size > MAX_BACKING_NAME)
    refuse(
      path,
      'backing_file_size',
      `its backing file name is ${backing_file_size} bytes long, and ${MAX_BACKING_NAME} are allowed`,
    )
  if (backing_file_offset < header_length || backing_file_offset + backing_file_size > clusterSize)
    refuse(
      path,
      'backing_file_offset',
      `its backing file name, at offset ${backing_file_offset}, is not inside the first cluster`,
    )
}

function checkFeatures(header: HeaderFields, path: string): void {
  const { crypt_method, compression_type, cluster_bits, refcount_order, incompatible_features } = header
  if (crypt_method > CRYPT.luks) refuse(path, 'crypt_method', `crypt_method is ${crypt_method}, and 0 to 2 are allowed`)
  const compressionBit = (incompatible_features & INCOMPATIBLE.compression) !== 0n
  if (compressionBit !== (compression_type !== 0))
    refuse(
      path,
      'compression_type',
      `compression_type is ${compression_type} while its feature bit is ${compressionBit ? 'set' : 'clear'}`,
    )
  if ((incompatible_features & INCOMPATIBLE.extendedL2) !== 0n && cluster_bits < MIN_EXTENDED_CLUSTER_BITS)
    refuse(
      path,
      'cluster_bits',
      `it has extended L2 entries with clusters of ${formatSize(2 ** cluster_bits)}, and they need 16 KiB at least`,
    )
  if (refcount_order > MAX_REFCOUNT_ORDER)
    refuse(path, 'refcount_order', `refcount_order is ${refcount_order}, and 0 to ${MAX_REFCOUNT_ORDER} are allowed`)
}

function checkRefcountTable(header: HeaderFields, fileSize: number, path: string): void {
  const { refcount_table_clusters: clusters, refcount_table_offset: offset } = header
  const bytes = clusters * 2 ** header.cluster_bits
  if (clusters === 0) refuse(path, 'refcount_table_clusters', 'it has no refcount table')
  if (bytes > MAX_REFCOUNT_TABLE_BYTES)
    refuse(
      path,
      'refcount_table_clusters',
      `its refcount table takes ${bytes} bytes, and ${MAX_REFCOUNT_TABLE_BYTES} are allowed`,
    )
  checkPosition(header, 'refcount_table_offset', 'its refcount table', offset, fileSize, path)
}

function checkSnapshots(header: HeaderFields, fileSize: number, path: string): void {
  const { nb_snapshots: count, snapshots_offset: offset } = header
  if (count > MAX_SNAPSHOTS)
    refuse(path, 'nb_snapshots', `it claims ${count} snapshots, and ${MAX_SNAPSHOTS} are allowed`)
  if (count > 0) checkPosition(header, 'snapshots_offset', 'its snapshot table', offset, fileSize, path)
}

function checkL1(header: HeaderFields, fileSize: number, path: string): void {
  const { l1_size, l1_table_offset } = header
  const bytes = l1Bytes(l1_size)
  if (bytes > MAX_L1_BYTES)
    refuse(path, 'l1_size', `its L1 table takes ${bytes} bytes, and ${MAX_L1_BYTES} are allowed`)
  const needed = geometryOf(header).tableCount
  if (l1_size < needed)
    refuse(path, 'l1_size', `its L1 table has ${l1_size} entries, and its size of ${header.size} bytes needs ${needed}`)
  if (l1_size === 0) return
  checkPosition(header, 'l1_table_offset', 'its L1 table', l1_table_offset, fileSize, path)
  if (l1_table_offset + bytes > fileSize)
    refuse(
      path,
      'l1_table_offset',
      `its L1 table ends at offset ${l1_table_offset + bytes}, past the end of the file at ${fileSize}; the file may have been cut off`,
    )
}

function checkApart(header: HeaderFields, path: string): void {
  const clusterSize = 2 ** header.cluster_bits
  const l1 = { start: header.l1_table_offset, end: header.l1_table_offset + l1Bytes(header.l1_size) }
  const counts = {
    start: header.refcount_table_offset,
    end: header.refcount_table_offset + header.refcount_table_clusters * clusterSize,
  }
  if (l1.start < counts.end && counts.start < l1.end)
    refuse(path, 'l1_table_offset', 'its L1 table and its refcount table overlap')
  const snapshots = header.snapshots_offset
  if (header.nb_snapshots === 0) return
  if ((snapshots >= l1.start && snapshots < l1.end) || (snapshots >= counts.start && snapshots < counts.end))
    refuse(path, 'snapshots_offset', 'its snapshot table overlaps another table')
}

function checkPosition(
  header: HeaderFields,
  field: FieldName,
  what: string,
  offset: number,
  fileSize: number,
  path: string,
): void {
  const clusterSize = 2 ** header.cluster_bits
  if (offset % clusterSize !== 0) refuse(path, field, `${what} is at offset ${offset}, which is not a cluster boundary`)
  if (offset === 0) refuse(path, field, `${what} is at offset 0, where the header is`)
  if (offset >= fileSize)
    refuse(
      path,
      field,
      `${what} is at offset ${offset}, past the end of the file at ${fileSize}; the file may have been cut off`,
    )
}

function cutOff(path: string, length: number): Error {
  return notValid(path, `the file ends after ${length} bytes, inside the header; it may have been cut off`, length)
}

function refuse(path: string, field: FieldName, what: string): never {
  throw notValid(path, what, HEADER.fields[field].offset)
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(HEADER.size)
  whole.set(bytes.subarray(0, HEADER.size))
  return whole
}

/** Writes fields that lie side by side, in one piece, and nothing else of the header. */
export async function writeHeaderFields(storage: Storage, values: Partial<HeaderFields>): Promise<void> {
  const names = Object.keys(values) as FieldName[]
  const fields = names.map((name) => HEADER.fields[name])
  const start = Math.min(...fields.map((field) => field.offset))
  const end = Math.max(...fields.map((field) => field.offset + field.size))
  const whole = HEADER.encode({ ...NO_FIELDS, ...values })
  await storage.write(start, whole.subarray(start, end))
}

const NO_FIELDS = HEADER.decode(new Uint8Array(HEADER.size), { path: '', offset: 0 })
