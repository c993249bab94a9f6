// Malformed images of the formats with one table or two, each with one thing wrong.

import { FIRST_SLOT, KEY_SLOT, LUKS1_HEADER } from '../../../core/crypto/luks1-layout.ts'
import { drivers } from '../../../core/formats/index.ts'
import { HEADER as QED_HEADER } from '../../../core/formats/qed/layout.ts'
import { HEADER as VDI_HEADER } from '../../../core/formats/vdi/layout.ts'
import { SPARSE_HEADER } from '../../../core/formats/vmdk/layout.ts'
import { driverOf } from '../../../core/image/detect.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import type { MemoryStorage } from '../../../core/storage/memory.ts'
import { SECRET_ID, testKeyring } from '../../helpers/keyring.ts'
import { MemoryFolder } from '../../helpers/memory-gate.ts'
import * as qed from '../../helpers/qed-bytes.ts'
import * as vdi from '../../helpers/vdi-bytes.ts'
import * as vmdk from '../../helpers/vmdk-bytes.ts'
import * as vpc from '../../helpers/vpc-bytes.ts'
import type { Answer, Row } from './row.ts'

type Damage = (storage: MemoryStorage) => Promise<unknown>
const nothing: Damage = async () => undefined

function rowsOf(make: () => Promise<MemoryStorage>, format?: string) {
  return (id: string, what: string, answer: Answer, damage: Damage): Row => ({
    id,
    what,
    answer,
    ...(format !== undefined && { format }),
    files: async () => {
      const storage = await make()
      await damage(storage)
      return new Map([['disk', await storage.bytes()]])
    },
  })
}

const luks = rowsOf(async () => {
  const folder = new MemoryFolder()
  folder.secrets = testKeyring('another passphrase')
  const options = { 'key-secret': SECRET_ID, 'iter-time': 1, 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc' }
  const driver = driverOf(drivers, 'luks')
  const builder = await driver.build(folder.add('disk'), { virtualSize: 16 * KiB, options }, folder)
  await builder.finish()
  return folder.file('disk')
})

function number(offset: number, size: 2 | 4, value: number): Damage {
  return async (storage) => {
    const bytes = Buffer.alloc(size)
    bytes.writeUIntBE(value, 0, size)
    await storage.write(offset, bytes)
  }
}

const header = LUKS1_HEADER.fields
const slot = (field: keyof typeof KEY_SLOT.fields): number => FIRST_SLOT + KEY_SLOT.fields[field].offset
const words =
  (offset: number, text: string): Damage =>
  (storage) =>
    storage.write(offset, Buffer.from(text.padEnd(32, '\0')))

export const LUKS_ROWS: readonly Row[] = [
  luks('l01', 'a passphrase nobody has', 'refuse', nothing),
  luks('l02', 'version 2 on a header of version 1', 'refuse', number(header.version.offset, 2, 2)),
  luks('l04', '2^32-1 stripes', 'refuse', number(slot('stripes'), 4, 0xffff_ffff)),
  luks('l06', 'keys of 2^32-1 bytes', 'refuse', number(header.key_bytes.offset, 4, 0xffff_ffff)),
  luks('l07', 'a slot of no rounds', 'refuse', number(slot('iterations'), 4, 0)),
  luks('l08', 'a slot of 2^32-1 rounds', 'refuse', number(slot('iterations'), 4, 0xffff_ffff)),
  luks('l09', 'a key of no rounds', 'refuse', number(header.key_digest_iterations.offset, 4, 0)),
  luks('l11', 'a key past the end', 'refuse', number(slot('key_offset'), 4, 0x7fff_ffff)),
  luks('l12', 'data among the keys', 'refuse', number(header.payload_offset.offset, 4, 9)),
  luks('l14', 'a mode without vectors', 'refuse', words(header.cipher_mode.offset, 'xts')),
  luks('l16', 'a cipher without an end', 'refuse', words(header.cipher_name.offset, 'a'.repeat(32))),
  luks('l17', 'a slot neither on nor off', 'refuse', number(slot('state'), 4, 0x1234_5678)),
]

const qedRow = rowsOf(() => qed.qedOf('abcd'), 'qed')
const qedHeader =
  (values: Parameters<typeof qed.setHeader>[1]): Damage =>
  (storage) =>
    qed.setHeader(storage, values)
const qedEntry =
  (value: number): Damage =>
  (storage) =>
    qed.setEntry(storage, qed.L2, 0, value)

export const QED_ROWS: readonly Row[] = [
  qedRow('e00', 'nothing', 'open', nothing),
  qedRow('e01', 'clusters of no bytes', 'refuse', qedHeader({ cluster_size: 0 })),
  qedRow('e02', 'clusters of 3000 bytes', 'refuse', qedHeader({ cluster_size: 3000 })),
  qedRow('e03', 'clusters of 2^27', 'refuse', qedHeader({ cluster_size: 2 ** 27 })),
  qedRow('e05', 'tables of no cluster', 'refuse', qedHeader({ table_size: 0 })),
  qedRow('e07', 'a size of no whole sectors', 'refuse', qedHeader({ image_size: 1000 })),
  qedRow('e08', 'a size of 2^64-512', 'refuse', (storage) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(2n ** 64n - 512n)
    return storage.write(QED_HEADER.fields.image_size.offset, bytes)
  }),
  qedRow('e10', 'an L1 table past the end', 'refuse', qedHeader({ l1_table_offset: 2 ** 40 })),
  qedRow('e12', 'a backing file called by 1000 bytes', 'unfollowed', async (storage) => {
    await storage.write(1024, Buffer.from('a'.repeat(1000)))
    await qed.setHeader(storage, { features: 1n, backing_filename_offset: 1024, backing_filename_size: 1000 })
  }),
  qedRow(
    'e13',
    'a backing name outside the header',
    'refuse',
    qedHeader({
      features: 1n,
      backing_filename_offset: qed.CLUSTER - 4,
      backing_filename_size: 8,
    }),
  ),
  qedRow('e15', 'marked as to be checked', 'repair', qedHeader({ features: 2n })),
  qedRow('e17', 'a cluster past the end', 'read-error', qedEntry(2 ** 40)),
  qedRow('e18', 'a cluster off its boundary', 'read-error', qedEntry(qed.DATA + 512)),
]

const vdiRow = rowsOf(() => vdi.vdiOf('ab.d'), 'vdi')
const vdiHeader =
  (values: Parameters<typeof vdi.setHeader>[1]): Damage =>
  (storage) =>
    vdi.setHeader(storage, values)

export const VDI_ROWS: readonly Row[] = [
  vdiRow('d00', 'nothing', 'open', nothing),
  vdiRow('d02', 'version 2.0', 'refuse', vdiHeader({ version: 0x2_0000 })),
  vdiRow('d03', 'blocks of no bytes', 'refuse', vdiHeader({ block_size: 0 })),
  vdiRow('d05', 'a disk larger than its blocks', 'refuse', vdiHeader({ disk_size: 5 * vdi.BLOCK })),
  vdiRow('d07', '2^30 blocks', 'refuse', vdiHeader({ blocks_in_image: 2 ** 30 })),
  vdiRow('d08', '2^32-1 blocks', 'refuse', vdiHeader({ blocks_in_image: 2 ** 32 - 1 })),
  vdiRow('d10', 'a map off the sectors', 'refuse', vdiHeader({ offset_bmap: 0x201 })),
  vdiRow('d11', 'a map past the end', 'refuse', vdiHeader({ offset_bmap: 0x7fff_fe00 })),
  vdiRow('d12', 'data over the header', 'finding', vdiHeader({ offset_data: 0 })),
  vdiRow('d13', 'sectors of 4096 bytes', 'refuse', vdiHeader({ sector_size: 4096 })),
  vdiRow('d15', 'a block past the end', 'read-error', (storage) => vdi.setEntry(storage, 0, 0x0fff_ffff)),
  vdiRow('d17', 'a wrong count of blocks', 'finding', vdiHeader({ blocks_allocated: 9 })),
  vdiRow('d18', 'type 9', 'refuse', vdiHeader({ image_type: 9 })),
  vdiRow('d20', 'cut to 300 bytes', 'refuse', (storage) => storage.truncate(300)),
]
if (VDI_HEADER.size !== 512) throw new Error('the header has changed its size')

const vmdkRow = rowsOf(async () => (await vmdk.vmdkOf('ab.d')).file('disk.vmdk'), 'vmdk')
const packedRow = rowsOf(
  async () => (await vmdk.vmdkOf('ab.d', { subformat: 'streamOptimized' })).file('disk.vmdk'),
  'vmdk',
)
const vmdkHeader =
  (values: Parameters<typeof vmdk.setHeader>[1]): Damage =>
  (storage) =>
    vmdk.setHeader(storage, values)

/** Of the packed grain that is first in the file. */
async function grainAt(storage: MemoryStorage): Promise<number> {
  const { overhead } = await vmdk.headerOf(storage)
  return Number(overhead) * 512
}

const head = '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n'

function described(id: string, what: string, answer: Answer, text: string): Row {
  const files = new Map<string, Uint8Array | string>([
    ['disk', Buffer.from(text)],
    ['data', new Uint8Array(4 * 512)],
  ])
  return { id, what, answer, format: 'vmdk', files: async () => files }
}

const flat = (line: string): string => `${head}createType="monolithicFlat"\n${line}\n`

export const VMDK_ROWS: readonly Row[] = [
  vmdkRow('v00', 'nothing', 'open', nothing),
  vmdkRow('v01', 'grains of 2^64-1', 'refuse', vmdkHeader({ grain_size: 2n ** 64n - 1n })),
  vmdkRow('v02', 'grains of no sectors', 'refuse', vmdkHeader({ grain_size: 0n })),
  vmdkRow('v03', 'grains of 3 sectors', 'refuse', vmdkHeader({ grain_size: 3n })),
  vmdkRow('v05', 'tables of no entries', 'refuse', vmdkHeader({ entries_per_table: 0 })),
  vmdkRow('v06', 'a disk of 2^63 sectors', 'refuse', vmdkHeader({ capacity: 2n ** 63n })),
  vmdkRow('v08', 'version 4', 'refuse', vmdkHeader({ version: 4 })),
  vmdkRow('v09', 'line ends changed as in a text', 'refuse', vmdkHeader({ newlines: Uint8Array.of(10, 32, 10, 10) })),
  vmdkRow('v10', 'tables longer than the file', 'refuse', vmdkHeader({ overhead: 2n ** 40n })),
  vmdkRow('v11', 'a descriptor past the end', 'refuse', vmdkHeader({ descriptor_offset: 2 ** 30, capacity: 0n })),
  vmdkRow('v13', 'a grain past the end', 'read-error', async (storage) => {
    for (const copy of ['first', 'second'] as const)
      await vmdk.write32(storage, await vmdk.entryOffset(storage, 0, copy), 0x7fff_ff00)
  }),
  vmdkRow('v15', 'two tables that differ', 'finding', async (storage) =>
    vmdk.write32(storage, await vmdk.entryOffset(storage, 0, 'second'), 0),
  ),
  vmdkRow('v16', 'compression 9', 'refuse', vmdkHeader({ compression: 9 })),
  packedRow('v18', 'a packed grain of 2^32-1 bytes', 'read-error', async (storage) =>
    vmdk.write32(storage, (await grainAt(storage)) + 8, 0xffff_ffff),
  ),
  packedRow('v20', 'a packed grain of another place', 'read-error', async (storage) =>
    vmdk.write32(storage, await grainAt(storage), 7777),
  ),
  described('v22', 'a part of the system', 'refuse', flat('RW 4 FLAT "/etc/passwd" 0')),
  described('v23', 'a part in the folder above', 'refuse', flat('RW 4 FLAT "../data" 0')),
  described('v24', 'a described part', 'refuse', flat("RW 4 FLAT \"json:{'driver':'file'}\" 0")),
  described('v25', 'itself as its part', 'refuse', flat('RW 4 SPARSE "disk"')),
  described('v27', 'a part without an offset', 'refuse', flat('RW 4 FLAT "data"')),
  described('v28', 'a part of negative size', 'refuse', flat('RW -4 FLAT "data" 0')),
  described('v29', 'a part of 2^63 sectors', 'refuse', flat('RW 9223372036854775808 FLAT "data" 0')),
  described('v30', 'a part longer than its file', 'read-error', flat('RW 400 FLAT "data" 0')),
  described('v32', 'no kind', 'refuse', `${head}RW 4 FLAT "data" 0\n`),
  described('v34', '20000 parts', 'refuse', flat('RW 4 FLAT "data" 0\n'.repeat(20_000))),
  described('v35', 'a descriptor of 64 MiB', 'refuse', flat(`RW 4 FLAT "data" 0\n${'#'.repeat(64 * MiB)}`)),
  packedRow('v37', 'a packed grain that begins at the end', 'read-error', async (storage) => {
    const size = await storage.size()
    const table = await vmdk.entryOffset(storage, 0, 'first').catch(() => 0)
    if (table > 0) await vmdk.write32(storage, table, Math.floor((size - 4) / 512))
    await storage.truncate((await grainAt(storage)) + 4)
  }),
]
if (SPARSE_HEADER.size !== 512) throw new Error('the header has changed its size')

const vpcRow = rowsOf(() => vpc.vpcOf('ab.d'), 'vpc')
const vpcHeader =
  (values: Parameters<typeof vpc.setHeader>[1]): Damage =>
  (storage) =>
    vpc.setHeader(storage, values)
const vpcFooter =
  (values: Parameters<typeof vpc.setFooter>[1]): Damage =>
  (storage) =>
    vpc.setFooter(storage, { cylinders: 0, ...values })

export const VPC_ROWS: readonly Row[] = [
  vpcRow('p00', 'nothing', 'open', nothing),
  vpcRow('p02', 'blocks of no bytes', 'refuse', vpcHeader({ block_size: 0 })),
  vpcRow('p03', 'blocks of 3 MiB', 'refuse', vpcHeader({ block_size: 3 * MiB })),
  vpcRow('p05', '2^32-1 blocks', 'refuse', vpcHeader({ max_table_entries: 2 ** 32 - 1 })),
  vpcRow('p07', 'a table past the end', 'refuse', vpcHeader({ table_offset: 2 ** 40 })),
  vpcRow('p08', 'another cookie', 'refuse', vpcHeader({ cookie: 1n })),
  vpcRow('p10', 'a block past the end', 'read-error', (storage) => vpc.setEntry(storage, 0, 2 ** 40)),
  vpcRow('p12', 'two blocks in one place', 'finding', (storage) => vpc.setEntry(storage, 2, vpc.FIRST_BLOCK)),
  vpcRow('p13', 'a size of 2^53', 'refuse', vpcFooter({ current_size: 2 ** 53 - 1 })),
  vpcRow('p15', 'differences without a parent', 'refuse', vpcFooter({ disk_type: 4 })),
  vpcRow('p16', 'type 9', 'refuse', vpcFooter({ disk_type: 9 })),
  vpcRow('p17', 'no footer at the end', 'finding', async (storage) => storage.truncate((await storage.size()) - 512)),
  {
    ...rowsOf(() => vpc.vpcOf('ab', { subformat: 'fixed' }), 'vpc')(
      'p18',
      'a fixed disk larger than its file',
      'refuse',
      (storage) => vpc.setFooter(storage, { current_size: 64 * MiB, cylinders: 0 }),
    ),
  },
]
