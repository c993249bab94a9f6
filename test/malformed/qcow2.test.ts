// Damaged and hostile qcow2 images: each is answered with its code and one plain sentence, and never touched.

import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { pathOf } from '../../core/image/gate.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { Access } from '../../core/image/driver.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { driverOf } from '../../core/image/detect.ts'
import { drivers } from '../../core/formats/index.ts'
import { BITMAPS_EXTENSION, BITMAP_ENTRY, EXTENSION, SNAPSHOT_ENTRY } from '../../core/formats/qcow2/layout.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { TiB } from '../../core/model/units.ts'
import { CLUSTER, DISK_SIZE, Qcow2Bytes, soundImage } from '../helpers/qcow2-bytes.ts'
import type { MemoryFolder } from '../helpers/memory-gate.ts'

type Damage = (image: Qcow2Bytes) => void
interface Case {
  readonly name: string
  readonly damage: Damage
  /** What the sentence must name. */
  readonly says?: RegExp
  readonly options?: Record<string, string | boolean>
}

const text = (value: string) => new TextEncoder().encode(value)
const COPIED = 2n ** 63n

function withBitmaps(image: Qcow2Bytes, change: Partial<Parameters<typeof BITMAPS_EXTENSION.encode>[0]> = {}): void {
  const offset = image.append(bitmapEntry())
  const fields = {
    nb_bitmaps: 1,
    reserved: 0,
    bitmap_directory_size: bitmapEntry().length,
    bitmap_directory_offset: offset,
    ...change,
  }
  image.set('autoclear_features', 1)
  image.extensions({ type: EXTENSION.bitmaps, data: BITMAPS_EXTENSION.encode(fields) })
}

function bitmapEntry(change: Partial<Parameters<typeof BITMAP_ENTRY.encode>[0]> = {}): Uint8Array {
  const head = BITMAP_ENTRY.encode({
    bitmap_table_offset: CLUSTER,
    bitmap_table_size: 1,
    flags: 2,
    type: 1,
    granularity_bits: 16,
    name_size: 3,
    extra_data_size: 0,
    ...change,
  })
  return Buffer.concat([head, text('bm0'), new Uint8Array(5)])
}

function withBitmapEntry(image: Qcow2Bytes, change: Partial<Parameters<typeof BITMAP_ENTRY.encode>[0]>): void {
  withBitmaps(image)
  image.put(image.bytes.length - CLUSTER, bitmapEntry(change))
}

function withSnapshot(image: Qcow2Bytes, change: Partial<Parameters<typeof SNAPSHOT_ENTRY.encode>[0]> = {}): void {
  const entry = SNAPSHOT_ENTRY.encode({
    l1_table_offset: image.header.l1_table_offset,
    l1_size: 1,
    id_str_size: 1,
    name_size: 1,
    date_sec: 1_700_000_000,
    date_nsec: 5_000_000,
    vm_clock_nsec: 0n,
    vm_state_size: 0,
    extra_data_size: 0,
    ...change,
  })
  image.set('nb_snapshots', 1)
  image.set('snapshots_offset', image.append(Buffer.concat([entry, text('1a')])))
}

describe('invalid-image: refused when it is opened', () => {
  const cases: readonly Case[] = [
    { name: 'an empty file', damage: (image) => image.cut(0), says: /is not in qcow2 format/ },
    { name: 'another magic', damage: (image) => image.set('magic', 0x51_46_49_fc), says: /is not in qcow2 format/ },
    { name: 'a header cut off', damage: (image) => image.cut(60), says: /ends after 60 bytes/ },
    { name: 'a version 3 header cut off', damage: (image) => image.cut(100), says: /ends after 100 bytes/ },
    { name: 'the old version 1', damage: (image) => image.set('version', 1), says: /version is 1/ },
    { name: 'clusters of 2^8 bytes', damage: (image) => image.set('cluster_bits', 8), says: /cluster_bits is 8/ },
    { name: 'clusters of 2^22 bytes', damage: (image) => image.set('cluster_bits', 22) },
    { name: 'clusters of 2^64 bytes', damage: (image) => image.set('cluster_bits', 64) },
    { name: 'clusters of 2^4294967295 bytes', damage: (image) => image.set('cluster_bits', 0xffff_ffff) },
    { name: 'a header too short', damage: (image) => image.set('header_length', 72), says: /header_length is 72/ },
    { name: 'a header longer than its cluster', damage: (image) => image.set('header_length', CLUSTER + 8) },
    { name: 'a compression type without its bit', damage: (image) => image.set('compression_type', 1) },
    { name: 'a compression bit without a type', damage: (image) => image.set('incompatible_features', 8) },
    { name: 'reference counts of 128 bits', damage: (image) => image.set('refcount_order', 7) },
    { name: 'an unknown encryption', damage: (image) => image.set('crypt_method', 3) },
    { name: 'LUKS without a header', damage: (image) => image.set('crypt_method', 2), says: /LUKS/ },
    { name: 'an L1 table of 2^32-1 entries', damage: (image) => image.set('l1_size', 0xffff_ffff) },
    { name: 'an L1 table just too large', damage: (image) => image.set('l1_size', 4_194_305), says: /33554440 bytes/ },
    { name: 'an L1 table too small', damage: (image) => image.set('l1_size', 0), says: /needs 1/ },
    {
      name: 'an L1 table past the end',
      damage: (image) => image.set('l1_table_offset', 2 ** 40),
      says: /past the end/,
    },
    { name: 'an L1 table off its boundary', damage: (image) => image.set('l1_table_offset', CLUSTER + 512) },
    { name: 'an L1 table in the header', damage: (image) => image.set('l1_table_offset', 0) },
    {
      name: 'an L1 table where the counts are',
      damage: (image) => image.set('l1_table_offset', image.header.refcount_table_offset),
      says: /overlap/,
    },
    { name: 'a size of 2^64-512', damage: (image) => image.set('size', 2n ** 64n - 512n), says: /any disk/ },
    { name: 'a size of 2^62', damage: (image) => image.set('size', 2n ** 62n) },
    { name: 'no refcount table', damage: (image) => image.set('refcount_table_clusters', 0) },
    { name: 'a refcount table too large', damage: (image) => image.set('refcount_table_clusters', 129) },
    { name: 'a refcount table off its boundary', damage: (image) => image.set('refcount_table_offset', CLUSTER + 8) },
    { name: 'a refcount table past the end', damage: (image) => image.set('refcount_table_offset', 2 ** 50) },
    { name: '2^32-1 snapshots', damage: (image) => image.set('nb_snapshots', 0xffff_ffff), says: /4294967295 snap/ },
    {
      name: 'a snapshot table off its boundary',
      damage: (image) => {
        image.set('nb_snapshots', 1)
        image.set('snapshots_offset', CLUSTER + 1)
      },
    },
    {
      name: 'a backing name of 1024 bytes',
      damage: (image) => {
        image.set('backing_file_offset', 1024)
        image.set('backing_file_size', 1024)
      },
    },
    {
      name: 'a backing name of 2^32-1 bytes',
      damage: (image) => {
        image.set('backing_file_offset', 1024)
        image.set('backing_file_size', 0xffff_ffff)
      },
    },
    {
      name: 'a backing name outside the first cluster',
      damage: (image) => {
        image.set('backing_file_offset', CLUSTER - 4)
        image.set('backing_file_size', 8)
      },
    },
    {
      name: 'a backing format name of 4000 bytes',
      damage: (image) => image.extensions({ type: EXTENSION.backingFormat, data: new Uint8Array(4000).fill(97) }),
    },
    {
      name: 'the same extension twice',
      damage: (image) =>
        image.extensions({ type: 0x1234, data: new Uint8Array(0) }, { type: 0x1234, data: new Uint8Array(0) }),
    },
    {
      name: 'an extension longer than the cluster',
      damage: (image) => {
        image.set32(112, 0x1234)
        image.set32(116, 0xffff_fff8)
      },
    },
    {
      name: 'an end of extensions that claims to be long',
      damage: (image) => {
        image.set32(112, 0)
        image.set32(116, 0xffff_fff8)
      },
    },
    { name: 'a raw data file that is none', damage: (image) => image.set('autoclear_features', 2) },
    { name: 'no bitmaps where some are promised', damage: (image) => withBitmaps(image, { nb_bitmaps: 0 }) },
    { name: 'too many bitmaps', damage: (image) => withBitmaps(image, { nb_bitmaps: 0xffff_ffff }) },
    { name: 'a reserved bitmap field', damage: (image) => withBitmaps(image, { reserved: 1 }) },
    {
      name: 'a bitmap directory of 2^40 bytes',
      damage: (image) => withBitmaps(image, { bitmap_directory_size: 2 ** 40 }),
    },
    {
      name: 'a bitmap directory off its boundary',
      damage: (image) => withBitmaps(image, { bitmap_directory_offset: 8 }),
    },
    {
      name: 'a bitmap directory past the end',
      damage: (image) => withBitmaps(image, { bitmap_directory_offset: 2 ** 40 }),
    },
    {
      name: 'a bitmap table without end',
      damage: (image) => withBitmapEntry(image, { bitmap_table_size: 0xffff_ffff }),
    },
    { name: 'a bitmap of granularity 2^63', damage: (image) => withBitmapEntry(image, { granularity_bits: 63 }) },
    { name: 'a bitmap name past its directory', damage: (image) => withBitmapEntry(image, { name_size: 0xffff }) },
    { name: 'a bitmap of an unknown type', damage: (image) => withBitmapEntry(image, { type: 7 }) },
    {
      name: 'two bitmaps of one name',
      damage: (image) => {
        withBitmaps(image, { nb_bitmaps: 2, bitmap_directory_size: 2 * bitmapEntry().length })
        image.put(image.bytes.length - CLUSTER, Buffer.concat([bitmapEntry(), bitmapEntry()]))
      },
      says: /bm0/,
    },
    {
      name: 'an encryption header off its boundary',
      damage: (image) => {
        image.set('crypt_method', 2)
        const pointer = new Uint8Array(16)
        new DataView(pointer.buffer).setBigUint64(0, 327_688n)
        image.extensions({ type: EXTENSION.encryption, data: pointer })
      },
    },
  ]
  test.each(cases)('$name', async ({ damage, says }) => {
    const { image, folder } = await soundImage()
    damage(image)
    const error = await failure(async () => {
      await using disk = await opened(image, folder)
      return disk.size
    })
    expect(plain(error)).toEqual(refusal('invalid-image', says))
  })

  test('an image that is its own data file', async () => {
    const { image } = await soundImage({ data_file: 'data' })
    const self = new MemoryStorage('disk', image.bytes)
    const gate = { open: async () => self, create: async () => self }
    const error = await failure(() => openDisk(self, { drivers, gate, access: 'read' }))
    expect(plain(error)).toEqual(refusal('invalid-image', /itself/))
  })
})

describe('unsupported: described, but not read', () => {
  const cases: readonly (Case & { readonly code?: string })[] = [
    { name: 'unknown incompatible bit 5', damage: (image) => image.set('incompatible_features', 32), says: /bit 5/ },
    {
      name: 'unknown incompatible bit 63',
      damage: (image) => image.set('incompatible_features', COPIED),
      says: /bit 63/,
    },
    {
      name: 'an unknown feature whose name is meant for a browser or a terminal',
      damage: (image) => {
        const entry = Buffer.concat([
          Uint8Array.of(0, 7),
          text('<b>A\u001b[31m\u202eevil'.padEnd(48, 'x')).slice(0, 46),
        ])
        image.extensions({ type: EXTENSION.featureNames, data: entry })
        image.set('incompatible_features', 128)
      },
      says: /<b>A\\u\{1b\}\[31m\\u\{202e\}evil/,
    },
    { name: 'AES', damage: (image) => image.set('crypt_method', 1), code: 'locked', says: /is encrypted/ },
    {
      name: 'a compression no one knows',
      damage: (image) => {
        image.set('incompatible_features', 8)
        image.set('compression_type', 2)
      },
      says: /type 2/,
    },
    {
      name: 'a data file that is not there',
      code: 'missing-file',
      options: { data_file: 'data' },
      damage: () => {},
      says: /data/,
    },
    {
      name: 'a data file without a name',
      code: 'missing-file',
      options: { data_file: 'data' },
      damage: (image) => image.extensions(),
      says: /does not say/,
    },
  ]
  test.each(cases)('$name', async ({ damage, says, options, code }) => {
    const { image, folder } = await soundImage(options)
    folder.files.clear()
    damage(image)
    await using disk = await opened(image, folder)
    expect(disk.top.virtualSize).toBe(DISK_SIZE)
    expect((await disk.top.describe()).clusterSize).toBe(CLUSTER)
    const error = await failure(() => disk.read(0, new Uint8Array(512)))
    expect(plain(error)).toEqual(refusal(code ?? 'unsupported', says))
    expect(disk.top.unreadable).toMatchObject({ code: code ?? 'unsupported' })
  })
})

describe('sound: opened in spite of its looks', () => {
  const cases: readonly Case[] = [
    { name: 'nothing unusual', damage: () => {} },
    { name: 'a snapshot without extra data', damage: (image) => withSnapshot(image) },
    {
      name: 'a first cluster full of unknown extensions without an end',
      damage: (image) => {
        image.put(112, new Uint8Array(CLUSTER - 112).fill(0))
        for (let offset = 112, type = 1; offset + 16 <= CLUSTER; offset += 16, type += 1) {
          image.set32(offset, 0x1000_0000 + type)
          image.set32(offset + 4, 8)
        }
      },
    },
    {
      name: 'a data file’s name without the feature',
      damage: (image) => image.extensions({ type: EXTENSION.dataFile, data: text('/etc/passwd') }),
    },
    { name: 'a bitmap', damage: (image) => withBitmaps(image) },
    {
      name: 'bitmaps some other program did not keep up to date',
      damage: (image) => {
        withBitmaps(image, { reserved: 0 })
        image.set('autoclear_features', 0)
      },
    },
    { name: 'a bitmap that was in use', damage: (image) => withBitmapEntry(image, { flags: 3 }) },
    { name: 'promised bitmaps without an extension', damage: (image) => image.set('autoclear_features', 1) },
    { name: 'unknown compatible and autoclear bits', damage: (image) => image.set('autoclear_features', 1n << 40n) },
    {
      name: 'unmapped room for machine state',
      damage: (image) => image.set('l1_size', 2),
    },
  ]
  test.each(cases)('$name', async ({ damage }) => {
    const { image, folder } = await soundImage()
    damage(image)
    await using disk = await opened(image, folder)
    await disk.top.describe()
    expect(await content(disk, 4)).toEqual([0x11, 0x22, 0, 0])
  })

  test.each([
    ['off its boundary', { l1_table_offset: 512 }],
    ['without end', { l1_size: 0xffff_ffff }],
  ])('a snapshot whose L1 table is %s is told of, and the disk is read', async (_name, change) => {
    const { image, folder } = await soundImage()
    withSnapshot(image, change)
    await using disk = await opened(image, folder)
    const { warnings, snapshots } = await disk.top.describe()
    expect(warnings).toHaveLength(1)
    expect(snapshots).toBeUndefined()
    expect(await content(disk, 2)).toEqual([0x11, 0x22])
  })

  test('a snapshot table past the end of the file is told of, and the disk is read', async () => {
    const { image, folder } = await soundImage()
    withSnapshot(image, { name_size: 0xffff, id_str_size: 0xffff })
    await using disk = await opened(image, folder)
    expect((await disk.top.describe()).warnings?.[0]).toMatch(/past the end/)
    expect(await content(disk, 2)).toEqual([0x11, 0x22])
  })
})

describe('invalid-image: only what the damage hides cannot be read', () => {
  /** The damage is to the first cluster; the second one stays readable. */
  const cases: readonly Case[] = [
    {
      name: 'a cluster past the end',
      damage: (image) => image.set64(image.l2, COPIED | (2n ** 50n)),
      says: /past the end/,
    },
    { name: 'a cluster at the end of all offsets', damage: (image) => image.set64(image.l2, 0x80ff_ffff_ffff_0000n) },
    {
      name: 'a cluster off its boundary',
      damage: (image) => image.set64(image.l2, COPIED | 0x1_0200n),
      says: /boundary/,
    },
    { name: 'reserved bits', damage: (image) => image.set64(image.l2, COPIED | 0x1_0040n), says: /reserved/ },
    { name: 'compressed and copied', damage: (image) => image.set64(image.l2, 0xc9c0_0000_0001_0000n) },
    { name: 'compressed garbage', damage: (image) => image.set64(image.l2, 0x4000_0000_0001_0000n), says: /unpacked/ },
    {
      name: 'a compressed stream that ends early',
      damage: (image) => {
        const offset = image.append(deflateRawSync(new Uint8Array(1000)))
        image.set64(image.l2, 0x4000_0000_0000_0000n | BigInt(offset))
      },
      says: /unpacked/,
    },
    {
      name: 'a compressed cluster that runs past the end',
      damage: (image) => {
        const offset = image.append(new Uint8Array(512))
        image.set64(image.l2, 0x7fc0_0000_0000_0000n | BigInt(offset + CLUSTER - 512))
      },
      says: /past the end/,
    },
  ]
  test.each(cases)('$name', async ({ damage, says }) => {
    const { image, folder } = await soundImage()
    damage(image)
    await using disk = await opened(image, folder)
    expect(plain(await failure(() => disk.read(100, new Uint8Array(512))))).toEqual(refusal('invalid-image', says))
    expect(plain(await failure(() => disk.read(0, new Uint8Array(DISK_SIZE))))).toEqual(refusal('invalid-image', says))
    const rest = new Uint8Array(CLUSTER)
    await disk.read(CLUSTER, rest)
    expect(rest.every((byte) => byte === 0x22)).toBe(true)
  })

  const tables: readonly Case[] = [
    { name: 'past the end', damage: (image) => image.set64(image.header.l1_table_offset, COPIED | (2n ** 50n)) },
    { name: 'off its boundary', damage: (image) => image.set64(image.header.l1_table_offset, COPIED | 0x2_0200n) },
    {
      name: 'behind reserved bits',
      damage: (image) => image.set64(image.header.l1_table_offset, 0xff00_0000_0002_0000n),
    },
    {
      name: 'cut off',
      damage: (image) =>
        image.set64(image.header.l1_table_offset, COPIED | BigInt(image.append(new Uint8Array(1)) + CLUSTER)),
    },
  ]
  test.each(tables)('an L2 table $name', async ({ damage }) => {
    const { image, folder } = await soundImage()
    damage(image)
    await using disk = await opened(image, folder)
    expect(plain(await failure(() => disk.read(0, new Uint8Array(512))))).toEqual(
      refusal('invalid-image', /guest’s bytes from 0 on/),
    )
  })

  test('the zero flag in version 2', async () => {
    const { image, folder } = await soundImage({ compat: '0.10' })
    image.set64(image.l2, 1n)
    await using disk = await opened(image, folder)
    expect(plain(await failure(() => disk.read(0, new Uint8Array(512))))).toEqual(refusal('invalid-image', /reserved/))
  })

  test('a place in the data file that is another guest’s', async () => {
    const { image, folder } = await soundImage({ data_file: 'data' })
    image.set64(image.l2, COPIED | BigInt(CLUSTER))
    await using disk = await opened(image, folder)
    expect(plain(await failure(() => disk.read(0, new Uint8Array(512))))).toEqual(refusal('invalid-image', /data file/))
  })
})

describe('invalid-image: read, but not written', () => {
  const cases: readonly Case[] = [
    { name: 'marked as corrupt', damage: (image) => image.set('incompatible_features', 2), says: /marked as damaged/ },
    {
      name: 'a refcount block off its boundary',
      damage: (image) => image.set64(image.header.refcount_table_offset, 0x4_0200n),
      says: /refcount table/,
    },
    {
      name: 'a refcount block past the end',
      damage: (image) => image.set64(image.header.refcount_table_offset, 2n ** 50n),
    },
    {
      name: 'reserved bits in the refcount table',
      damage: (image) =>
        image.set64(image.header.refcount_table_offset, image.get64(image.header.refcount_table_offset) | 1n),
    },
    {
      name: 'a refcount block on the L1 table',
      damage: (image) => image.set64(image.header.refcount_table_offset, BigInt(image.header.l1_table_offset)),
      says: /another table/,
    },
    {
      name: 'an L2 table on the refcount table',
      damage: (image) => image.set64(image.header.l1_table_offset, COPIED | BigInt(image.header.refcount_table_offset)),
      says: /another table/,
    },
    {
      name: 'all counts zero',
      damage: (image) => {
        const block = image.low48(image.header.refcount_table_offset)
        image.put(block, new Uint8Array(CLUSTER))
      },
      says: /counted as free/,
    },
    {
      name: 'a damaged snapshot table',
      damage: (image) => withSnapshot(image, { l1_table_offset: 512 }),
      says: /snapshot table/,
    },
  ]
  test.each(cases)('$name', async ({ damage, says }) => {
    const { image, folder } = await soundImage()
    damage(image)
    const file = new MemoryStorage('disk', image.bytes)
    const before = await file.bytes()
    const disk = await openDisk(file, { drivers, gate: folder, access: 'write' })
    const error = await failure(() => disk.write(5 * CLUSTER, new Uint8Array(512).fill(7)))
    expect(plain(error)).toEqual(refusal('invalid-image', says))
    await disk.close()
    expect(Buffer.compare(await file.bytes(), before)).toBe(0)
  })

  test.each([
    ['refcount table', (image: Qcow2Bytes) => image.header.refcount_table_offset],
    ['refcount block', (image: Qcow2Bytes) => image.low48(image.header.refcount_table_offset)],
    ['L1 table', (image: Qcow2Bytes) => image.header.l1_table_offset],
  ])('guest data that is said to lie on the %s is not overwritten', async (_name, place) => {
    const { image, folder } = await soundImage()
    image.set64(image.l2, COPIED | BigInt(place(image)))
    const file = new MemoryStorage('disk', image.bytes)
    const before = await file.bytes()
    const disk = await openDisk(file, { drivers, gate: folder, access: 'write' })
    expect(plain(await failure(() => disk.write(0, new Uint8Array(512).fill(7))))).toEqual(
      refusal('invalid-image', /table/),
    )
    await disk.close()
    expect(Buffer.compare(await file.bytes(), before)).toBe(0)
  })

  test('a count too high for its flag means a copy, not a write in place', async () => {
    const { image, folder } = await soundImage()
    const block = image.low48(image.header.refcount_table_offset)
    image.put(block + 2, Uint8Array.of(0, 2))
    const file = new MemoryStorage('disk', image.bytes)
    await using disk = await openDisk(file, { drivers, gate: folder, access: 'write' })
    await disk.write(0, new Uint8Array(CLUSTER).fill(7))
    await disk.flush()
    const kept = new Uint8Array(CLUSTER)
    await file.read(CLUSTER, kept)
    expect(kept.every((byte) => byte === 0x11)).toBe(true)
    expect(await content(disk, 2)).toEqual([7, 0x22])
  })
})

describe('bounds', () => {
  test('15 TiB of hole around a small image cost nothing', async () => {
    const { image, folder } = await soundImage()
    const file = new MemoryStorage('disk', image.bytes)
    await file.truncate(15 * TiB)
    await using disk = await openDisk(file, { drivers, gate: folder, access: 'write' })
    expect(await content(disk, 3)).toEqual([0x11, 0x22, 0])
    await disk.write(3 * CLUSTER, new Uint8Array(512).fill(7))
    await disk.flush()
    expect(await file.size()).toBe(15 * TiB)
  })

  test('a table that is used 2^17 times is walked only where it is asked for', async () => {
    const { image, folder } = await soundImage()
    const entries = 2 ** 17
    const l1 = new DataView(new ArrayBuffer(entries * 8))
    const table = BigInt(image.l2)
    for (let index = 0; index < entries; index += 1) l1.setBigUint64(index * 8, table)
    image.set('l1_table_offset', image.append(new Uint8Array(l1.buffer)))
    image.set('l1_size', entries)
    image.set('size', entries * 8192 * CLUSTER - DISK_SIZE)
    await using disk = await opened(image, folder)
    expect(await content(disk, 2)).toEqual([0x11, 0x22])
    const lastTable = (entries - 1) * 8192 * CLUSTER
    const extents = await disk.map(lastTable, disk.size - lastTable)
    expect(extents.map((extent) => extent.kind)).toEqual(['data', 'hole'])
  })

  test('a backing file is shown and nothing is opened for it', async () => {
    const { image, folder } = await soundImage()
    const name = text('/etc/passwd\0{"driver":"nbd"}')
    image.put(40_000, name)
    image.set('backing_file_offset', 40_000)
    image.set('backing_file_size', name.length)
    const gate = { open: async (): Promise<never> => failNow(), create: async (): Promise<never> => failNow() }
    const qcow2 = driverOf(drivers, 'qcow2')
    await using layer = await qcow2.open(new MemoryStorage('disk', image.bytes), gate, 'read')
    expect(layer.backing).toEqual({ path: '/etc/passwd\0{"driver":"nbd"}' })
    expect(folder.files.size).toBe(1)
    expect(pathOf('plain', layer.storage)).toContain('plain')
  })
})

function failNow(): never {
  throw new Error('a second file was opened')
}

async function opened(image: Qcow2Bytes, folder: MemoryFolder, access: Access = 'read'): Promise<VirtualDisk> {
  const file = new MemoryStorage('disk', image.bytes, access === 'write')
  return openDisk(file, { drivers, gate: folder, access, format: 'qcow2' })
}

async function failure(work: () => Promise<unknown>): Promise<SpindleError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof SpindleError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** What was thrown, when its message is one a person can read. */
function plain({ code, message }: SpindleError): { readonly code: string; readonly message: string } {
  if (!/^\S.*[.]$/.test(message) || message.length > 300 || /undefined|NaN|\[object|Error:/.test(message))
    throw new Error(`this is no plain sentence: ${message}`)
  return { code, message }
}

function refusal(code: string, says: RegExp = /./): { readonly code: string; readonly message: unknown } {
  return { code, message: expect.stringMatching(says) }
}

/** The value each of the first clusters is full of, or “mixed”. */
async function content(disk: VirtualDisk, clusters: number): Promise<readonly unknown[]> {
  const bytes = new Uint8Array(clusters * CLUSTER)
  await disk.read(0, bytes)
  return Array.from({ length: clusters }, (_, index) => {
    const cluster = bytes.subarray(index * CLUSTER, (index + 1) * CLUSTER)
    return cluster.every((byte) => byte === cluster[0]) ? cluster[0] : 'mixed'
  })
}
