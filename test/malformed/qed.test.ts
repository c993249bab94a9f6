// Malformed QED images: every header field with every kind of wrong value is opened rightly or refused in plain words.

import { describe, expect, test } from 'vitest'
import { qedDriver } from '../../core/formats/qed/driver.ts'
import { HEADER } from '../../core/formats/qed/layout.ts'
import type { HeaderFields } from '../../core/formats/qed/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MiB } from '../../core/model/units.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { CLUSTER, L1, L2, qedOf, setHeader } from '../helpers/qed-bytes.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const BACKING = 1n

const WRONG: readonly (readonly [string, Partial<HeaderFields>, string])[] = [
  ['clusters of 3000 bytes', { cluster_size: 3000 }, 'invalid-image'],
  ['clusters of 2 KiB', { cluster_size: 2048 }, 'invalid-image'],
  ['clusters of 128 MiB', { cluster_size: 2 ** 27 }, 'invalid-image'],
  ['tables of no cluster', { table_size: 0 }, 'invalid-image'],
  ['tables of 3 clusters', { table_size: 3 }, 'invalid-image'],
  ['tables of 32 clusters', { table_size: 32 }, 'invalid-image'],
  ['no header', { header_size: 0 }, 'invalid-image'],
  ['a header of 2^32 - 1 clusters', { header_size: 2 ** 32 - 1 }, 'invalid-image'],
  ['a header that reaches into the L1 table', { header_size: 2 }, 'invalid-image'],
  ['a feature no one knows', { features: 8n }, 'unsupported'],
  ['a disk of 1000 bytes', { image_size: 1000 }, 'invalid-image'],
  ['a disk larger than its tables', { image_size: 1024 * 1024 * CLUSTER + 512 }, 'invalid-image'],
  ['an L1 table past the end', { l1_table_offset: 2 ** 40 }, 'invalid-image'],
  ['an L1 table that ends past the end', { l1_table_offset: 8 * CLUSTER }, 'invalid-image'],
  ['an L1 table off the clusters', { l1_table_offset: CLUSTER + 512 }, 'invalid-image'],
  ['an L1 table in the header', { l1_table_offset: 0 }, 'invalid-image'],
  [
    'a backing name outside of the header',
    { features: BACKING, backing_filename_offset: CLUSTER - 4, backing_filename_size: 8 },
    'invalid-image',
  ],
  [
    'a backing name inside the fields of the header',
    { features: BACKING, backing_filename_offset: 8, backing_filename_size: 8 },
    'invalid-image',
  ],
  [
    'a backing name of 2000 bytes',
    { features: BACKING, backing_filename_offset: 64, backing_filename_size: 2000 },
    'invalid-image',
  ],
  [
    'a backing name of no bytes',
    { features: BACKING, backing_filename_offset: 64, backing_filename_size: 0 },
    'invalid-image',
  ],
]

test.for(WRONG)('%s is refused in a sentence', async ([, values, code]) => {
  const storage = await qedOf('abcd')
  await setHeader(storage, values)
  const error = await failureOf(storage)
  expect(error).toMatchObject({ code })
  expect(error?.message.length).toBeLessThan(320)
})

test('the name of a backing file is shown, and without that file nothing is read', async () => {
  const storage = await qedOf('ab.d')
  await setHeader(storage, { features: BACKING, backing_filename_offset: 64, backing_filename_size: 8 })
  await storage.write(64, Buffer.from('/etc/abc'))
  await using layer = await qedDriver.open(storage, new MemoryFolder(), 'read')
  expect(layer.backing).toEqual({ path: '/etc/abc' })
  expect(await failureOf(storage)).toMatchObject({ code: 'missing-file' })
})

test.for([0, 3, 60, 64, 4096, 3 * CLUSTER - 1])('a file cut off after %i bytes is refused', async (size) => {
  const storage = await qedOf('ab.d')
  await storage.truncate(size)
  await expect(qedDriver.open(storage, new MemoryFolder(), 'read')).rejects.toMatchObject({ code: 'invalid-image' })
})

describe.each(Object.keys(HEADER.fields) as (keyof HeaderFields)[])('with a wrong %s', (name) => {
  const field = HEADER.fields[name]
  const values = [0n, 1n, 2n, 511n, 513n, 4096n, 2n ** 16n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n - 512n]
  const large = [2n ** 40n, 2n ** 52n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 512n, 2n ** 64n - 1n]
  const possible = [...values, ...large].filter((value) => value < 2n ** BigInt(field.size * 8))
  test.each(possible)('%i', async (value) => {
    const storage = await qedOf('ab.d')
    const bytes = new DataView(new ArrayBuffer(8))
    bytes.setBigUint64(0, value, true)
    await storage.write(field.offset, new Uint8Array(bytes.buffer, 0, field.size))
    expect(await survives(storage)).toBeUndefined()
  })
})

test.for(seeds())(
  'bits flipped at random are refused, or leave an image that can be worked with (seed %i)',
  async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 150; round += 1) {
      const storage = await qedOf('ab.d')
      for (let count = 1 + random.below(6); count > 0; count -= 1) {
        const at = random.pick([random.below(64), L1 + random.below(16), L2 + random.below(40)])
        const byte = new Uint8Array(1)
        await storage.read(at, byte)
        await storage.write(at, Uint8Array.of((byte[0] ?? 0) ^ (1 << random.below(8))))
      }
      expect(await survives(storage), `round ${round}`).toBeUndefined()
    }
  },
)

async function failureOf(storage: MemoryStorage): Promise<SpindleError | undefined> {
  const gate = new MemoryFolder()
  try {
    await using disk = await openDisk(storage, { drivers: [qedDriver], gate, format: 'qed', access: 'read' })
    await disk.read(0, new Uint8Array(Math.min(disk.size, 64 * CLUSTER)))
    return undefined
  } catch (error) {
    if (error instanceof SpindleError) return error
    throw error
  }
}

/** Reads, checks, repairs, writes and shrinks: each may be refused in a sentence. What else happened, in words. */
async function survives(storage: MemoryStorage): Promise<string | undefined> {
  const size = await storage.size()
  const attempts = [
    async () => {
      const checker = await qedDriver.checker?.(storage)
      await checker?.check()
      await checker?.repair('leaks')
      await checker?.repair('all')
    },
    async () => {
      await using layer = await qedDriver.open(storage, new MemoryFolder(), 'write')
      await layer.describe()
      await layer.map(0, Math.min(layer.virtualSize, 64 * CLUSTER))
      if (layer.virtualSize > 2 * CLUSTER) {
        const room = await layer.writer?.reserve(2 * CLUSTER, 512)
        if (room && !room.linked) await room.link()
      }
      await layer.writer?.flush()
    },
    async () => {
      await using layer = await qedDriver.open(storage, new MemoryFolder(), 'write')
      await layer.resizer?.resize(CLUSTER, 'off')
    },
    async () => {
      await using layer = await qedDriver.open(storage, new MemoryFolder(), 'write')
      await layer.backingLink?.setBacking({ path: 'other', format: 'raw' })
    },
  ]
  await failureOf(storage)
  for (const attempt of attempts) {
    try {
      await attempt()
    } catch (error) {
      if (!(error instanceof SpindleError)) throw error
      if (error.code === 'internal' || !/^.{20,400}[.]$/s.test(error.message)) return error.message
    }
  }
  const grown = (await storage.allocatedSize()) - size
  // Clusters may have become larger ones.
  return grown > 32 * MiB ? `it took ${grown} bytes more` : undefined
}
