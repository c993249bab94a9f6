// Sound images of every format for the fuzzer, small and with something of everything in them.

import { FIRST_SLOT, KEY_SLOT, LUKS1_HEADER, LUKS_MAGIC } from '../../core/crypto/luks1-layout.ts'
import { HEADER as PARALLELS_HEADER, MAGIC as PARALLELS_MAGIC } from '../../core/formats/parallels/layout.ts'
import { HEADER as QCOW_HEADER, MAGIC as QCOW_MAGIC } from '../../core/formats/qcow/layout.ts'
import { HEADER as QED_HEADER } from '../../core/formats/qed/layout.ts'
import { HEADER as VDI_HEADER } from '../../core/formats/vdi/layout.ts'
import { COWD_HEADER, COWD_MAGIC, SPARSE_HEADER } from '../../core/formats/vmdk/layout.ts'
import { DYNAMIC_HEADER, FOOTER, LOCATORS_OFFSET, PARENT_LOCATOR } from '../../core/formats/vpc/layout.ts'
import { drivers } from '../../core/formats/index.ts'
import { openDisk } from '../../core/image/chain.ts'
import { driverOf } from '../../core/image/detect.ts'
import type { FormatId } from '../../core/model/image.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { packAlways } from '../../core/codec/codec.ts'
import { dmgOf } from '../helpers/dmg-bytes.ts'
import { SECRET_ID, testKeyring } from '../helpers/keyring.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { sealVhdx, sealVpc, tameLuks } from './seal.ts'
import { qcow2Places } from './qcow2-victims.ts'
import { vhdxPlaces, withLog } from './vhdx-victims.ts'
import { Traced, entriesOf, placesOf } from './victim.ts'
import type { Place, Victim } from './victim.ts'

interface Recipe {
  readonly name: string
  readonly format: FormatId
  readonly options: OptionValues
  readonly size: number
  readonly block: number
  readonly over?: boolean
  readonly packed?: boolean
  readonly extras?: boolean
}

const LUKS = { 'iter-time': 1, 'key-secret': SECRET_ID, 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc' }

const RECIPES: readonly Recipe[] = [
  { name: 'qcow2', format: 'qcow2', options: { cluster_size: 4 * KiB }, size: 400 * KiB, block: 4 * KiB },
  {
    name: 'qcow2 with snapshots and bitmaps',
    format: 'qcow2',
    options: { cluster_size: 4 * KiB },
    size: 256 * KiB,
    block: 4 * KiB,
    extras: true,
  },
  {
    name: 'qcow2 version 2 over a raw disk',
    format: 'qcow2',
    options: { cluster_size: 8 * KiB, compat: '0.10' },
    size: 256 * KiB,
    block: 8 * KiB,
    over: true,
  },
  {
    name: 'qcow2 with subclusters',
    format: 'qcow2',
    options: { cluster_size: 16 * KiB, extended_l2: true },
    size: 512 * KiB,
    block: 16 * KiB,
  },
  {
    name: 'qcow2 with a data file',
    format: 'qcow2',
    options: { cluster_size: 4 * KiB, data_file: 'data' },
    size: 128 * KiB,
    block: 4 * KiB,
  },
  { name: 'qcow2 packed', format: 'qcow2', options: {}, size: 512 * KiB, block: 64 * KiB, packed: true },
  {
    name: 'qcow2 packed with zstd',
    format: 'qcow2',
    options: { compression_type: 'zstd', cluster_size: 16 * KiB },
    size: 256 * KiB,
    block: 16 * KiB,
    packed: true,
  },
  {
    name: 'qcow2 encrypted',
    format: 'qcow2',
    options: {
      cluster_size: 4 * KiB,
      'encrypt.format': 'luks',
      'encrypt.key-secret': SECRET_ID,
      'encrypt.iter-time': 1,
    },
    size: 64 * KiB,
    block: 4 * KiB,
  },
  { name: 'qed', format: 'qed', options: { cluster_size: 4 * KiB, table_size: 2 }, size: 400 * KiB, block: 4 * KiB },
  {
    name: 'qed over a raw disk',
    format: 'qed',
    options: { cluster_size: 8 * KiB, table_size: 2 },
    size: 256 * KiB,
    block: 8 * KiB,
    over: true,
  },
  { name: 'vdi', format: 'vdi', options: { cluster_size: 16 * KiB }, size: 256 * KiB, block: 16 * KiB },
  {
    name: 'vdi fixed',
    format: 'vdi',
    options: { cluster_size: 16 * KiB, static: true },
    size: 128 * KiB,
    block: 16 * KiB,
  },
  { name: 'vmdk', format: 'vmdk', options: {}, size: 640 * KiB, block: 64 * KiB },
  { name: 'vmdk zeroed grains', format: 'vmdk', options: { zeroed_grain: true }, size: 640 * KiB, block: 64 * KiB },
  {
    name: 'vmdk packed',
    format: 'vmdk',
    options: { subformat: 'streamOptimized' },
    size: 640 * KiB,
    block: 64 * KiB,
    packed: true,
  },
  { name: 'vmdk flat', format: 'vmdk', options: { subformat: 'monolithicFlat' }, size: 128 * KiB, block: 64 * KiB },
  { name: 'vpc', format: 'vpc', options: { block_size: 64 * KiB }, size: 512 * KiB, block: 64 * KiB },
  { name: 'vpc fixed', format: 'vpc', options: { subformat: 'fixed' }, size: 128 * KiB, block: 64 * KiB },
  { name: 'vhdx', format: 'vhdx', options: { block_size: MiB }, size: 4 * MiB, block: MiB },
  { name: 'luks', format: 'luks', options: { ...LUKS, 'hash-alg': 'sha1' }, size: 64 * KiB, block: 4 * KiB },
]

/** Of one format, or of all. The same each time, but for identities and dates. */
export async function victims(format?: string): Promise<readonly Victim[]> {
  const made: Victim[] = []
  for (const recipe of RECIPES) if (format === undefined || recipe.format === format) made.push(await make(recipe))
  const others = [cowd(), parallels(), qcow(), dmg(), ...(await vhdxWithLog())]
  return [...made, ...others.filter((one) => format === undefined || one.format === format)]
}

async function make(recipe: Recipe): Promise<Victim> {
  const { name, format, options, size, block } = recipe
  const folder = new MemoryFolder()
  folder.secrets = testKeyring()
  if (recipe.over === true) folder.add('base', new Uint8Array(size - 512).fill(5))
  const spec = {
    virtualSize: size,
    options,
    ...(recipe.packed === true && { compress: true }),
    ...(recipe.over === true && { backing: { path: 'base', format: 'raw' } }),
  }
  const builder = await driverOf(drivers, format).build(folder.add('disk'), spec, folder)
  for (let index = 0; index * block < size; index += 2) {
    const length = Math.min(block, size - index * block)
    const bytes = new Uint8Array(length).fill(index + 1)
    if (builder.packing) {
      const stream = packAlways(builder.packing.codec, bytes)
      await builder.storage.write(builder.packing.place(index * block, stream.length), stream)
    } else await builder.storage.write(builder.place(index * block, length), bytes)
    const next = (index + 1) * block
    if (index % 4 === 0 && next + block <= size && !builder.packing) builder.placeZero(next, block)
  }
  await builder.finish()
  if (recipe.extras === true) await addExtras(folder)
  const files = new Map<string, Uint8Array>()
  for (const [file, storage] of folder.files) files.set(file, await storage.bytes())
  return {
    name,
    format,
    files,
    littleEndian: !['qcow2', 'vpc', 'luks'].includes(format),
    places: [...placesIn(format, files.get('disk') ?? new Uint8Array(0)), ...(await wordsRead(folder, format))],
    ...(format === 'vpc' && { seal: sealVpc }),
    ...(format === 'vhdx' && { seal: sealVhdx }),
    ...(format === 'luks' && { tame: tameLuks(0) }),
    ...(options['encrypt.format'] !== undefined && { tame: tameLuks(headerOffset(files.get('disk'))) }),
  }
}

/** Of the LUKS header inside a qcow2 image. */
function headerOffset(bytes: Uint8Array | undefined): number {
  return Buffer.from(bytes ?? []).indexOf(Buffer.from(LUKS_MAGIC))
}

async function addExtras(folder: MemoryFolder): Promise<void> {
  const open = async () => openDisk(folder.file('disk'), { drivers, gate: folder, format: 'qcow2', access: 'write' })
  for (const name of ['first', 'second']) {
    {
      await using disk = await open()
      await disk.top.snapshots?.create({ name, createdAt: 1_700_000_000_000 })
    }
    await using disk = await open()
    await disk.write(8 * KiB, new Uint8Array(12 * KiB).fill(name.length))
    await disk.flush()
  }
  for (const name of ['one', 'two']) {
    await using disk = await open()
    await disk.top.bitmaps?.add(name, 4 * KiB)
  }
}

function placesIn(format: FormatId, bytes: Uint8Array): readonly Place[] {
  switch (format) {
    case 'qcow2':
      return qcow2Places(bytes)
    case 'qed':
      return placesOf(QED_HEADER, 0)
    case 'vdi':
      return [...placesOf(VDI_HEADER, 0), ...entriesOf('map', MiB, 4, 16)]
    case 'vmdk':
      return placesOf(SPARSE_HEADER, 0)
    case 'vpc':
      return [
        ...placesOf(FOOTER, bytes.length - FOOTER.size),
        ...placesOf(FOOTER, 0),
        ...placesOf(DYNAMIC_HEADER, 512),
        ...placesOf(PARENT_LOCATOR, 512 + LOCATORS_OFFSET),
        ...entriesOf('table', 1536, 4, 8),
      ]
    case 'vhdx':
      return vhdxPlaces()
    case 'luks':
      return [...placesOf(LUKS1_HEADER, 0), ...placesOf(KEY_SLOT, FIRST_SLOT), ...placesOf(KEY_SLOT, FIRST_SLOT + 48)]
    default:
      return []
  }
}

const MOST_WORDS = 400

/** Words in what is read when the image is looked at and checked. */
async function wordsRead(folder: MemoryFolder, format: FormatId): Promise<readonly Place[]> {
  const traced = new Traced()
  const storage = traced.over(folder.file('disk'))
  {
    await using disk = await openDisk(storage, { drivers, gate: folder, format, access: 'read' })
    await disk.top.describe()
    for (let at = 0; at < disk.size; at += 64 * KiB) await disk.map(at, Math.min(64 * KiB, disk.size - at))
  }
  await (await driverOf(drivers, format).checker?.(storage, folder))?.check()
  const places = new Map<number, Place>()
  for (const { offset, length } of traced.ranges) {
    const step = Math.max(8, 8 * Math.ceil(length / 8 / 64))
    for (let at = offset; at + 8 <= offset + length; at += at < offset + 128 ? 8 : step)
      places.set(at, { name: `word at ${at}`, offset: at, size: at % 16 === 0 ? 8 : 4 })
  }
  const all = [...places.values()]
  const stride = Math.max(1, Math.ceil(all.length / MOST_WORDS))
  return all.filter((_, index) => index % stride === 0)
}

async function vhdxWithLog(): Promise<readonly Victim[]> {
  const bytes = await withLog()
  const places = vhdxPlaces()
  return [
    {
      name: 'vhdx with a log',
      format: 'vhdx',
      files: new Map([['disk', bytes]]),
      littleEndian: true,
      places,
      seal: sealVhdx,
    },
  ]
}

const CLUSTER = 4 * KiB

function parallels(): Victim {
  const bytes = Buffer.alloc(3 * CLUSTER, 7).fill(0, 0, CLUSTER)
  const magic = Buffer.from(PARALLELS_MAGIC.extended)
  const fields = { magic, version: 2, heads: 16, cylinders: 1, tracks: 8, bat_entries: 4, sectors: 32, in_use: 0 }
  bytes.set(PARALLELS_HEADER.encode({ ...fields, data_offset: 8, flags: 0, extension_offset: 0 }))
  bytes.writeUInt32LE(1, PARALLELS_HEADER.size)
  bytes.writeUInt32LE(2, PARALLELS_HEADER.size + 4)
  const places = [...placesOf(PARALLELS_HEADER, 0), ...entriesOf('table', PARALLELS_HEADER.size, 4, 4)]
  return { name: 'parallels', format: 'parallels', files: new Map([['disk', bytes]]), littleEndian: true, places }
}

function qcow(): Victim {
  const bytes = Buffer.alloc(3 * CLUSTER, 7).fill(0, 0, CLUSTER)
  const names = { backing_file_offset: 0, backing_file_size: 0, mtime: 0, crypt_method: 0 }
  const shape = { size: 64 * CLUSTER, cluster_bits: 12, l2_bits: 6, l1_table_offset: 48 }
  bytes.set(QCOW_HEADER.encode({ magic: QCOW_MAGIC, version: 1, ...names, ...shape }))
  bytes.writeBigUInt64BE(512n, 48)
  bytes.writeBigUInt64BE(BigInt(CLUSTER), 512)
  bytes.writeBigUInt64BE((1n << 63n) | (100n << 51n) | BigInt(2 * CLUSTER), 520)
  const places = [...placesOf(QCOW_HEADER, 0), ...entriesOf('l1', 48, 8, 1), ...entriesOf('l2', 512, 8, 64)]
  return { name: 'qcow', format: 'qcow', files: new Map([['disk', bytes]]), littleEndian: false, places }
}

/** One directory of one table of grains of 4 KiB. */
function cowd(): Victim {
  const bytes = Buffer.alloc(64 * KiB, 0)
  const shape = { capacity: 128, grain_size: 8, directory: 4, directory_entries: 1 }
  bytes.set(COWD_HEADER.encode({ magic: COWD_MAGIC, version: 1, flags: 3, ...shape }))
  bytes.writeUInt32LE(5, 4 * 512)
  bytes.writeUInt32LE(40, 5 * 512)
  bytes.fill(9, 40 * 512, 48 * 512)
  const places = [
    ...placesOf(COWD_HEADER, 0),
    ...entriesOf('directory', 2048, 4, 1),
    ...entriesOf('table', 2560, 4, 16),
  ]
  return { name: 'vmdk of ESX', format: 'vmdk', files: new Map([['disk', bytes]]), littleEndian: true, places }
}

function dmg(): Victim {
  const { image, places } = dmgOf()
  return { name: 'dmg', format: 'dmg', files: new Map([['disk', image]]), littleEndian: false, places }
}
