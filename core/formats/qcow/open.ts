// Opening: what the header says, held against the rules; and what keeps an image from being read.

import { notValid } from '../../image/damage.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { formatSize } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  CRYPT,
  ENTRY_SIZE,
  HEADER,
  MAGIC,
  MAX_BACKING_NAME,
  MAX_CLUSTER_BITS,
  MAX_L1_BYTES,
  MAX_L2_BITS,
  MIN_CLUSTER_BITS,
  MIN_L2_BITS,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** All sizes in bytes. */
export interface Opened {
  readonly header: HeaderFields
  readonly clusterSize: number
  readonly entriesPerTable: number
  /** Guest bytes one L2 table speaks for. */
  readonly tableSpan: number
  readonly tableCount: number
  /** Length of the file. */
  readonly size: number
  readonly backing?: BackingRef
  readonly unreadable?: ErrorData
}

/** Throws `invalid-image`. Closes nothing. */
export async function openHeader(storage: Storage): Promise<Opened> {
  const path = storage.name
  const size = await storage.size()
  const bytes = new Uint8Array(Math.min(HEADER.size, size))
  await storage.read(0, bytes)
  const header = HEADER.decode(bytes, { path, offset: 0 })
  checkHeader(header, path)
  const clusterSize = 2 ** header.cluster_bits
  const entriesPerTable = 2 ** header.l2_bits
  const tableSpan = clusterSize * entriesPerTable
  const tableCount = Math.ceil(header.size / tableSpan)
  const l1Bytes = tableCount * ENTRY_SIZE
  if (l1Bytes > MAX_L1_BYTES || header.l1_table_offset < HEADER.size || header.l1_table_offset + l1Bytes > size)
    throw notValid(
      path,
      'qcow',
      `its L1 table, ${formatSize(l1Bytes)} at offset ${header.l1_table_offset}, does not fit into the file of ${formatSize(size)}`,
      HEADER.fields.l1_table_offset.offset,
    )
  const backing = await readBacking(storage, header, size)
  const unreadable = encrypted(path, header)
  return {
    header,
    clusterSize,
    entriesPerTable,
    tableSpan,
    tableCount,
    size,
    ...(backing && { backing }),
    ...(unreadable && { unreadable: unreadable.toData() }),
  }
}

function checkHeader(header: HeaderFields, path: string): void {
  const refuse = (field: keyof typeof HEADER.fields, what: string): SpindleError =>
    notValid(path, 'qcow', what, HEADER.fields[field].offset)
  const { magic, version, cluster_bits, l2_bits, crypt_method } = header
  if (magic !== MAGIC) throw refuse('magic', 'it does not begin with “QFI” and 0xfb')
  if (version !== 1) throw refuse('version', `its version is ${version}, and qcow is version 1`)
  if (cluster_bits < MIN_CLUSTER_BITS || cluster_bits > MAX_CLUSTER_BITS)
    throw refuse(
      'cluster_bits',
      `cluster_bits is ${cluster_bits}, where ${MIN_CLUSTER_BITS} to ${MAX_CLUSTER_BITS} belong`,
    )
  if (l2_bits < MIN_L2_BITS || l2_bits > MAX_L2_BITS)
    throw refuse('l2_bits', `l2_bits is ${l2_bits}, where ${MIN_L2_BITS} to ${MAX_L2_BITS} belong`)
  if (crypt_method !== CRYPT.none && crypt_method !== CRYPT.aes)
    throw refuse('crypt_method', `crypt_method is ${crypt_method}, which no program writes`)
}

function encrypted(path: string, { crypt_method }: HeaderFields): SpindleError | undefined {
  if (crypt_method === CRYPT.none) return undefined
  return new SpindleError(
    'unsupported',
    `${path} is encrypted with the AES of old QEMU versions, which is not safe and which Spindle cannot read. Nothing was changed. QEMU’s own qemu-img still converts it when it is given the password.`,
    { path },
  )
}

async function readBacking(storage: Storage, header: HeaderFields, size: number): Promise<BackingRef | undefined> {
  const { backing_file_offset: offset, backing_file_size: length } = header
  if (offset === 0) return undefined
  if (length === 0 || length > MAX_BACKING_NAME || offset + length > size)
    throw notValid(
      storage.name,
      'qcow',
      `the name of its backing file, ${length} bytes at offset ${offset}, is not inside the file of ${size} bytes, or longer than ${MAX_BACKING_NAME}`,
      HEADER.fields.backing_file_offset.offset,
    )
  const name = new Uint8Array(length)
  await storage.read(offset, name)
  return { path: new TextDecoder().decode(name) }
}
