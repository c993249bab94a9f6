// Malformed Parallels and qcow images, and files of formats that are only named: refused in plain words, or read.

import { describe, expect, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { HEADER as PARALLELS_HEADER, MAGIC } from '../../core/formats/parallels/layout.ts'
import { HEADER as QCOW_HEADER, MAGIC as QCOW_MAGIC } from '../../core/formats/qcow/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import { detectDriver, driverOf } from '../../core/image/detect.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const CLUSTER = 4096

/** Four clusters, of which the first two have a place. */
function parallels(): Uint8Array {
  const bytes = Buffer.alloc(3 * CLUSTER, 7)
  bytes.fill(0, 0, CLUSTER)
  bytes.set(
    PARALLELS_HEADER.encode({
      magic: Buffer.from(MAGIC.extended),
      version: 2,
      heads: 16,
      cylinders: 1,
      tracks: 8,
      bat_entries: 4,
      sectors: 32,
      in_use: 0,
      data_offset: 8,
      flags: 0,
      extension_offset: 0,
    }),
  )
  bytes.writeUInt32LE(1, PARALLELS_HEADER.size)
  bytes.writeUInt32LE(2, PARALLELS_HEADER.size + 4)
  return bytes
}

/** One plain cluster, one packed one that is broken, and a table of 64 entries. */
function qcow(): Uint8Array {
  const bytes = Buffer.alloc(3 * CLUSTER, 7)
  bytes.fill(0, 0, CLUSTER)
  bytes.set(
    QCOW_HEADER.encode({
      magic: QCOW_MAGIC,
      version: 1,
      backing_file_offset: 0,
      backing_file_size: 0,
      mtime: 0,
      size: 64 * CLUSTER,
      cluster_bits: 12,
      l2_bits: 6,
      crypt_method: 0,
      l1_table_offset: 48,
    }),
  )
  bytes.writeBigUInt64BE(512n, 48)
  bytes.writeBigUInt64BE(BigInt(CLUSTER), 512)
  bytes.writeBigUInt64BE((1n << 63n) | (100n << 51n) | BigInt(2 * CLUSTER), 520)
  return bytes
}

const KINDS = [
  ['parallels', parallels, PARALLELS_HEADER.fields, 'little', PARALLELS_HEADER.size],
  ['qcow', qcow, QCOW_HEADER.fields, 'big', 512],
] as const

const VALUES = [
  0n,
  1n,
  2n,
  6n,
  17n,
  64n,
  255n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 53n,
]
const LARGEST = [2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 512n, 2n ** 64n - 1n]

describe.each(KINDS)('%s', (format, make, fields, order, table) => {
  test('is known by its signature and reads', async () => {
    const storage = new MemoryStorage('disk', make())
    expect((await detectDriver({ drivers }, storage)).format).toBe(format)
    await using disk = await openDisk(storage, { drivers, gate: new MemoryFolder(), access: 'read' })
    const bytes = new Uint8Array(CLUSTER)
    await disk.read(0, bytes)
    expect(bytes.every((byte) => byte === 7)).toBe(true)
  })

  test.each(Object.entries(fields).filter(([name, { size }]) => name !== 'magic' && size <= 8))(
    'with a wrong %s',
    async (_, { offset, size }) => {
      for (const value of [...VALUES, ...LARGEST].filter((one) => one < 2n ** BigInt(size * 8))) {
        const image = make()
        const word = new DataView(new ArrayBuffer(8))
        word.setBigUint64(0, value, order === 'little')
        image.set(new Uint8Array(word.buffer, order === 'little' ? 0 : 8 - size, size), offset)
        expect(await faultOf(format, image), `${value}`).toBeUndefined()
      }
    },
  )

  test.for(seeds())('with bits flipped at random (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 200; round += 1) {
      const image = make()
      for (let count = 1 + random.below(5); count > 0; count -= 1) {
        const at = random.happens(0.6) ? 4 + random.below(60) : table + random.below(32)
        image[at] = (image[at] ?? 0) ^ (1 << random.below(8))
      }
      expect(await faultOf(format, image), `round ${round}`).toBeUndefined()
    }
  })

  test.for([0, 3, 20, 47, 50])('cut off after %i bytes it is refused', async (size) => {
    const storage = new MemoryStorage('disk', make().subarray(0, size))
    await expect(driverOf(drivers, format).open(storage, new MemoryFolder(), 'read')).rejects.toMatchObject({
      code: 'invalid-image',
    })
  })
})

test('an encrypted qcow image can be described, but not read as if it were plain', async () => {
  const image = qcow()
  image[39] = 1
  const storage = new MemoryStorage('disk.qcow', image)
  await using layer = await driverOf(drivers, 'qcow').open(storage, new MemoryFolder(), 'read')
  expect(await layer.describe()).toMatchObject({ encrypted: true })
  await expect(layer.map(0, 512)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('encrypted') as unknown,
  })
})

test.for([
  ['cloop', '#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n'],
  ['bochs', 'Bochs Virtual HD Image\0\0\0\0\0\0\0\0\0\0Redolog\0'],
] as const)('a %s image is named, and what to do with it', async ([format, beginning]) => {
  const storage = new MemoryStorage('disk.img', Buffer.concat([Buffer.from(beginning), Buffer.alloc(8192)]))
  const driver = await detectDriver({ drivers }, storage)
  expect(driver.format).toBe(format)
  await expect(driver.open(storage, new MemoryFolder(), 'read')).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('qemu-img convert') as unknown,
  })
})

/** What happens that is neither a refusal in plain words nor work that can be done. */
async function faultOf(format: string, image: Uint8Array): Promise<string | undefined> {
  const storage = new MemoryStorage('disk', image)
  const gate = new MemoryFolder()
  const attempts = [
    async () => {
      await using disk = await openDisk(storage, { drivers, gate, format, access: 'read' })
      await disk.top.describe()
      await disk.read(0, new Uint8Array(Math.min(disk.size, 8 * CLUSTER)))
    },
    async () => {
      const checker = await driverOf(drivers, format).checker?.(storage)
      await checker?.check()
      await checker?.repair('all')
    },
  ]
  for (const attempt of attempts) {
    try {
      await attempt()
    } catch (error) {
      if (!(error instanceof SpindleError)) throw error
      if (error.code === 'internal' || !/^.{20,400}[.]$/s.test(error.message)) return error.message
    }
  }
  const size = await storage.allocatedSize()
  return size > 2 ** 22 ? `it has grown to ${size} bytes` : undefined
}
