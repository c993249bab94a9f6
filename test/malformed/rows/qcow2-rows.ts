// Malformed qcow2 images, each with one thing wrong.

import { deflateRawSync } from 'node:zlib'
import { BITMAPS_EXTENSION, BITMAP_ENTRY, EXTENSION, SNAPSHOT_ENTRY } from '../../../core/formats/qcow2/layout.ts'
import { TiB } from '../../../core/model/units.ts'
import { CLUSTER, DISK_SIZE, Qcow2Bytes, soundImage } from '../../helpers/qcow2-bytes.ts'
import type { Answer, Row } from './row.ts'

type Damage = (image: Qcow2Bytes) => void
type Options = Readonly<Record<string, string | boolean>>

const COPIED = 2n ** 63n
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function row(
  id: string,
  what: string,
  answer: Answer,
  damage: Damage,
  more: Partial<Row> & { options?: Options } = {},
): Row {
  const { options, ...rest } = more
  const files = async (): Promise<ReadonlyMap<string, Uint8Array | string>> => {
    const { image, folder } = await soundImage(options)
    damage(image)
    const all = new Map<string, Uint8Array | string>()
    for (const [name, file] of folder.files) all.set(name, await file.bytes())
    return all.set('disk', image.bytes)
  }
  return { id, what, answer, files, ...rest }
}

function backing(name: string, format?: string): Damage {
  return (image) => {
    if (format !== undefined) image.extensions({ type: EXTENSION.backingFormat, data: text(format) })
    const bytes = text(name)
    image.put(40_000, bytes)
    image.set('backing_file_offset', 40_000)
    image.set('backing_file_size', bytes.length)
  }
}

function dataFile(name: string): Damage {
  return (image) => image.extensions({ type: EXTENSION.dataFile, data: text(name) })
}

function bitmapEntry(change: Partial<Parameters<typeof BITMAP_ENTRY.encode>[0]> = {}): Uint8Array {
  const fields = { bitmap_table_offset: CLUSTER, bitmap_table_size: 1, flags: 2, type: 1, granularity_bits: 16 }
  const head = BITMAP_ENTRY.encode({ ...fields, name_size: 3, extra_data_size: 0, ...change })
  return Buffer.concat([head, text('bm0'), new Uint8Array(5)])
}

function bitmaps(
  change: Partial<Parameters<typeof BITMAPS_EXTENSION.encode>[0]> = {},
  ...entries: Uint8Array[]
): Damage {
  return (image) => {
    const directory = Buffer.concat(entries.length > 0 ? entries : [bitmapEntry()])
    const offset = image.append(directory)
    const size = { bitmap_directory_size: directory.length, bitmap_directory_offset: offset }
    image.set('autoclear_features', 1)
    const data = BITMAPS_EXTENSION.encode({ nb_bitmaps: Math.max(1, entries.length), reserved: 0, ...size, ...change })
    image.extensions({ type: EXTENSION.bitmaps, data })
  }
}

function snapshot(change: Partial<Parameters<typeof SNAPSHOT_ENTRY.encode>[0]> = {}): Damage {
  return (image) => {
    const sizes = { id_str_size: 1, name_size: 1, vm_state_size: 0, extra_data_size: 0 }
    const times = { date_sec: 1_700_000_000, date_nsec: 0, vm_clock_nsec: 0n }
    const table = { l1_table_offset: image.header.l1_table_offset, l1_size: 1 }
    const entry = SNAPSHOT_ENTRY.encode({ ...table, ...sizes, ...times, ...change })
    image.set('nb_snapshots', 1)
    image.set('snapshots_offset', image.append(Buffer.concat([entry, text('1a')])))
  }
}

const set =
  (field: Parameters<Qcow2Bytes['set']>[0], value: number | bigint): Damage =>
  (image) =>
    image.set(field, value)
const l2 =
  (value: bigint): Damage =>
  (image) =>
    image.set64(image.l2, value)
const l1 =
  (value: bigint): Damage =>
  (image) =>
    image.set64(image.header.l1_table_offset, value)
const counts =
  (value: bigint): Damage =>
  (image) =>
    image.set64(image.header.refcount_table_offset, value)

function fanOut(image: Qcow2Bytes): void {
  const entries = 2 ** 17
  const table = new DataView(new ArrayBuffer(entries * 8))
  const entry = BigInt(image.l2)
  for (let index = 0; index < entries; index += 1) table.setBigUint64(index * 8, entry)
  image.set('l1_table_offset', image.append(new Uint8Array(table.buffer)))
  image.set('l1_size', entries)
  image.set('size', entries * 8192 * CLUSTER - DISK_SIZE)
}

export const QCOW2_ROWS: readonly Row[] = [
  row('q00', 'nothing', 'open', () => {}),
  row('q01', 'no bytes', 'refuse', (image) => image.cut(0)),
  row('q03', 'another magic', 'refuse', set('magic', 0x51_46_49_fc), { format: 'qcow2' }),
  row('q04', 'version 1', 'refuse', set('version', 1), { format: 'qcow2' }),
  row('q06', 'clusters of 2^8', 'refuse', set('cluster_bits', 8)),
  row('q08', 'clusters of 2^(2^32-1)', 'refuse', set('cluster_bits', 0xffff_ffff)),
  row('q09', 'clusters of 2^64', 'refuse', set('cluster_bits', 64)),
  row('q11', 'a header of 72 bytes', 'refuse', set('header_length', 72)),
  row('q13', 'unknown feature 5', 'refuse', set('incompatible_features', 32)),
  row('q14', 'unknown feature 63', 'refuse', set('incompatible_features', COPIED)),
  row('q16', 'a compression without its feature', 'refuse', set('compression_type', 1)),
  row('q18', 'marked corrupt', 'read-only', set('incompatible_features', 2)),
  row('q19', 'marked dirty', 'repair', set('incompatible_features', 1)),
  row('q21', 'counts of 2^7 bits', 'refuse', set('refcount_order', 7)),
  row('q23', 'encryption 3', 'refuse', set('crypt_method', 3)),
  row('q24', 'LUKS without a header', 'refuse', set('crypt_method', 2)),
  row('q26', 'an L1 table of 2^32-1 entries', 'refuse', set('l1_size', 0xffff_ffff)),
  row('q28', 'an L1 table of 32 MiB and one entry', 'refuse', set('l1_size', 4_194_305)),
  row('q29', 'no L1 table', 'refuse', set('l1_size', 0)),
  row('q31', 'an L1 table past the end', 'refuse', set('l1_table_offset', 2 ** 40)),
  row('q33', 'a size of 2^64-512', 'refuse', set('size', 2n ** 64n - 512n)),
  row('q34', 'a size of 2^62', 'refuse', set('size', 2n ** 62n)),
  row('q36', 'no refcount table', 'refuse', set('refcount_table_clusters', 0)),
  row('q38', 'a refcount table over 8 MiB', 'refuse', set('refcount_table_clusters', 129)),
  row('q39', 'a refcount table off its boundary', 'refuse', set('refcount_table_offset', CLUSTER + 8)),
  row('q41', '2^32-1 snapshots', 'refuse', set('nb_snapshots', 0xffff_ffff)),
  row('q43', 'a snapshot table off its boundary', 'refuse', (image) => {
    snapshot()(image)
    image.set('snapshots_offset', CLUSTER + 1)
  }),
  row('q46', 'a snapshot whose L1 table is off its boundary', 'finding', snapshot({ l1_table_offset: 512 })),
  row('q48', 'a snapshot name past the end', 'finding', snapshot({ name_size: 0xffff })),
  row('q49', 'a snapshot without extra data', 'finding', snapshot()),
  row('q51', 'extensions without an end', 'open', (image) => {
    for (let offset = 112, type = 1; offset + 16 <= CLUSTER; offset += 16, type += 1) {
      image.set32(offset, 0x1000_0000 + type)
      image.set32(offset + 4, 8)
    }
  }),
  row('q52', 'a backing name outside the first cluster', 'refuse', (image) => {
    image.set('backing_file_offset', CLUSTER - 4)
    image.set('backing_file_size', 8)
  }),
  row('q53', 'a backing name of 1024 bytes', 'refuse', (image) => {
    image.set('backing_file_offset', 1024)
    image.set('backing_file_size', 1024)
  }),
  row('q54', 'a backing name of 2^32-1 bytes', 'refuse', (image) => {
    image.set('backing_file_offset', 1024)
    image.set('backing_file_size', 0xffff_ffff)
  }),
  row('q56', 'a backing file of the system', 'unfollowed', backing('/etc/passwd', 'raw')),
  row('q57', 'the same without a format', 'unfollowed', backing('/etc/passwd')),
  row('q58', 'a described backing file', 'unfollowed', backing('json:{"driver":"file","filename":"/etc/hostname"}')),
  row('q59', 'a backing file in the network', 'unfollowed', backing('nbd://127.0.0.1:1/x', 'raw')),
  row('q61', 'itself as its backing file', 'refuse', backing('disk', 'qcow2')),
  row('q63', 'a NUL in the backing name', 'unfollowed', backing('base\0evil', 'raw')),
  row('q64', 'an endless device as backing file', 'unfollowed', backing('/dev/zero', 'raw')),
  row('q66', 'a backing file behind many steps up', 'unfollowed', backing('../../../../../../../etc/passwd', 'raw')),
  row('q67', 'a backing format nobody knows', 'refuse', backing('disk', 'no-such-fmt')),
  row('q68', 'a backing format of 4000 bytes', 'refuse', backing('base', 'a'.repeat(4000))),
  row('q70', 'a backing file that is not there', 'finding', backing('no-such-file.qcow2', 'qcow2')),
  row('q72', 'a data file of the system', 'unfollowed', dataFile('/etc/passwd'), { options: { data_file: 'data' } }),
  row('q73', 'a described data file', 'unfollowed', dataFile('json:{"driver":"file","filename":"/etc/hostname"}'), {
    options: { data_file: 'data' },
  }),
  row('q75', 'a raw data file that is none', 'refuse', set('autoclear_features', 2)),
  row('q76', 'itself as its data file', 'refuse', dataFile('disk'), { options: { data_file: 'data' } }),
  row('q77', 'a data file’s name without the feature', 'open', dataFile('/etc/passwd')),
  row('q78', 'a data file with shifted places', 'read-error', l2(COPIED | BigInt(CLUSTER)), {
    options: { data_file: 'data' },
  }),
  row('q80', 'an L2 table in the header', 'finding', l1(COPIED)),
  row('q82', 'an L2 table past the end', 'read-error', l1(COPIED | (2n ** 50n))),
  row('q83', 'reserved bits in the L1 table', 'finding', l1(0xff00_0000_0004_0000n)),
  row('q85', 'a cluster at the end of all offsets', 'read-error', l2(0x80ff_ffff_ffff_0000n)),
  row('q87', 'a cluster on the refcount table', 'finding', (image) =>
    l2(COPIED | BigInt(image.header.refcount_table_offset))(image),
  ),
  row('q88', 'a cluster on a refcount block', 'finding', (image) =>
    l2(COPIED | BigInt(image.low48(image.header.refcount_table_offset)))(image),
  ),
  row('q90', 'compressed and copied', 'finding', l2(0xc9c0_0000_0001_0000n)),
  row('q91', 'the zero flag in version 2', 'read-error', l2(1n), { options: { compat: '0.10' } }),
  row('q92', 'compressed garbage', 'read-error', l2(0x4000_0000_0001_0000n)),
  row('q93', 'a stream that ends early', 'read-error', (image) => {
    const offset = image.append(deflateRawSync(new Uint8Array(1000)))
    l2(0x4000_0000_0000_0000n | BigInt(offset))(image)
  }),
  row('q95', 'a stream past the end', 'read-error', (image) => {
    const offset = image.append(new Uint8Array(512))
    l2(0x7fc0_0000_0000_0000n | BigInt(offset + CLUSTER - 512))(image)
  }),
  row('q97', 'a refcount block off its boundary', 'finding', counts(0x4_0200n)),
  row('q98', 'a refcount block past the end', 'finding', counts(2n ** 50n)),
  row('q100', 'reserved bits in the refcount table', 'finding', (image) =>
    counts(image.get64(image.header.refcount_table_offset) | 1n)(image),
  ),
  row('q101', 'all counts zero', 'finding', (image) =>
    image.put(image.low48(image.header.refcount_table_offset), new Uint8Array(CLUSTER)),
  ),
  row('q102', 'a count that cannot grow', 'operation', (image) => {
    l2(BigInt(CLUSTER))(image)
    image.put(image.low48(image.header.refcount_table_offset) + 2, Uint8Array.of(0xff, 0xff))
  }),
  row('q103', 'a leaked cluster', 'finding', (image) => {
    const block = image.low48(image.header.refcount_table_offset)
    const offset = image.append(new Uint8Array(CLUSTER))
    image.put(block + (offset / CLUSTER) * 2, Uint8Array.of(0, 1))
  }),
  row('q104', 'one bitmap', 'finding', bitmaps()),
  row('q105', 'no bitmaps where some are promised', 'refuse', bitmaps({ nb_bitmaps: 0 })),
  row('q106', '2^32-1 bitmaps', 'refuse', bitmaps({ nb_bitmaps: 0xffff_ffff })),
  row('q107', 'a reserved bitmap field', 'refuse', bitmaps({ reserved: 1 })),
  row('q108', 'a bitmap directory of 2^40 bytes', 'refuse', bitmaps({ bitmap_directory_size: 2 ** 40 })),
  row('q109', 'a bitmap directory off its boundary', 'refuse', bitmaps({ bitmap_directory_offset: 8 })),
  row('q110', 'a bitmap table without end', 'refuse', bitmaps({}, bitmapEntry({ bitmap_table_size: 0xffff_ffff }))),
  row('q111', 'a bitmap of granularity 2^63', 'refuse', bitmaps({}, bitmapEntry({ granularity_bits: 63 }))),
  row('q112', 'a bitmap name past its directory', 'refuse', bitmaps({}, bitmapEntry({ name_size: 0xffff }))),
  row('q113', 'a bitmap of an unknown type', 'finding', bitmaps({}, bitmapEntry({ type: 7 }))),
  row('q114', 'bitmaps another program did not keep', 'finding', (image) => {
    bitmaps()(image)
    image.set('autoclear_features', 0)
  }),
  row('q115', 'a bitmap in use', 'finding', bitmaps({}, bitmapEntry({ flags: 3 }))),
  row('q116', 'promised bitmaps without an extension', 'finding', set('autoclear_features', 1)),
  row('q117', 'two bitmaps of one name', 'refuse', bitmaps({}, bitmapEntry(), bitmapEntry())),
  row('q118', 'a hole of 15 TiB behind it', 'bounded', () => {}, { size: 15 * TiB }),
  row('q119', '2^17 ways to one table', 'bounded', fanOut),
  row('q120', 'an encryption header off its boundary', 'refuse', (image) => {
    image.set('crypt_method', 2)
    const pointer = new Uint8Array(16)
    new DataView(pointer.buffer).setBigUint64(0, 327_688n)
    image.extensions({ type: EXTENSION.encryption, data: pointer })
  }),
  row('q122', 'an encryption header of 2^50 bytes', 'refuse', (image) => {
    image.set('crypt_method', 2)
    const pointer = new DataView(new ArrayBuffer(16))
    pointer.setBigUint64(0, BigInt(image.append(new Uint8Array(1))))
    pointer.setBigUint64(8, 2n ** 50n)
    image.extensions({ type: EXTENSION.encryption, data: new Uint8Array(pointer.buffer) })
  }),
  row('q121', 'a feature called in terminal codes', 'refuse', (image) => {
    const name = text('<b>A\u001b[31m\u202eevil'.padEnd(48, 'x')).slice(0, 46)
    image.extensions({ type: EXTENSION.featureNames, data: Buffer.concat([Uint8Array.of(0, 7), name]) })
    image.set('incompatible_features', 128)
  }),
]
