// Malformed VDI images: every header field with every kind of wrong value is opened rightly or refused in plain words.

import { describe, expect, test } from 'vitest'
import { vdiDriver } from '../../core/formats/vdi/driver.ts'
import { HEADER } from '../../core/formats/vdi/layout.ts'
import type { HeaderFields } from '../../core/formats/vdi/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { BLOCK, setHeader, vdiOf } from '../helpers/vdi-bytes.ts'

const WRONG: readonly (readonly [string, Partial<HeaderFields>, string])[] = [
  ['version 2.0', { version: 0x2_0000 }, 'unsupported'],
  ['version 0.1', { version: 1 }, 'unsupported'],
  ['block size 0', { block_size: 0 }, 'invalid-image'],
  ['block size 3000', { block_size: 3000 }, 'invalid-image'],
  ['block size 2 GiB', { block_size: 2 ** 31 }, 'invalid-image'],
  ['a disk larger than its blocks', { disk_size: 5 * BLOCK }, 'invalid-image'],
  ['a disk of 2^53 bytes', { disk_size: 2 ** 53 - 1 }, 'invalid-image'],
  ['2^30 blocks', { blocks_in_image: 2 ** 30 }, 'invalid-image'],
  ['2^32 - 1 blocks', { blocks_in_image: 2 ** 32 - 1 }, 'invalid-image'],
  ['as many blocks as there can be, but no map for them', { blocks_in_image: 0x1f_ff_ff_80 }, 'invalid-image'],
  ['a map off the sectors', { offset_bmap: 0x201 }, 'invalid-image'],
  ['a map in the header', { offset_bmap: 0 }, 'invalid-image'],
  ['a map past the end', { offset_bmap: 0x7fff_fe00 }, 'invalid-image'],
  ['data off the sectors', { offset_data: 0x20_0001 }, 'invalid-image'],
  ['sectors of 4096 bytes', { sector_size: 4096 }, 'invalid-image'],
  ['type 0', { image_type: 0 }, 'invalid-image'],
  ['type 9', { image_type: 9 }, 'invalid-image'],
  ['an undo image', { image_type: 3 }, 'unsupported'],
  ['a differencing image of nothing', { image_type: 4 }, 'invalid-image'],
  ['a parent that is not there', { uuid_link: new Uint8Array(16).fill(7) }, 'missing-file'],
  ['a short header', { header_size: 100 }, 'invalid-image'],
  ['a block of which more stands in front than in it', { block_extra: 2 * BLOCK }, 'invalid-image'],
]

test.for(WRONG)('%s is refused in a sentence', async ([, values, code]) => {
  const storage = await vdiOf('ab.d')
  await setHeader(storage, values)
  const error = await failureOf(storage)
  expect(error).toMatchObject({ code })
  expect(error?.message.length).toBeLessThan(320)
})

test('bytes of the disk that are no whole sector count as one', async () => {
  const storage = await vdiOf('ab')
  await setHeader(storage, { disk_size: 2 * BLOCK - 700 })
  await using layer = await vdiDriver.open(storage, new MemoryFolder(), 'read')
  expect(layer.virtualSize).toBe(2 * BLOCK - 512)
})

test.for([0, 3, 300, 455, 512, 4096, 1024 * 1024])('a file cut off after %i bytes is refused', async (size) => {
  const storage = await vdiOf('ab.d')
  await storage.truncate(size)
  await expect(vdiDriver.open(storage, new MemoryFolder(), 'read')).rejects.toMatchObject({ code: 'invalid-image' })
})

describe.each(Object.keys(HEADER.fields).filter((name) => HEADER.fields[name as keyof HeaderFields].size <= 8))(
  'with a wrong %s',
  (name) => {
    const field = HEADER.fields[name as keyof HeaderFields]
    const bits = field.size * 8
    const values = [0n, 1n, 2n, 511n, 513n, 2n ** 16n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n - 512n]
    const large = [2n ** 52n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 512n, 2n ** 64n - 1n]
    test.each([...values, ...large].filter((value) => value < 2n ** BigInt(bits)))('%i', async (value) => {
      const storage = await vdiOf('ab.d')
      const bytes = new DataView(new ArrayBuffer(8))
      bytes.setBigUint64(0, value, true)
      await storage.write(field.offset, new Uint8Array(bytes.buffer, 0, field.size))
      expect(await survives(storage)).toBeUndefined()
    })
  },
)

test.for(seeds())(
  'bits flipped at random are refused, or leave an image that can be worked with (seed %i)',
  async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 150; round += 1) {
      const storage = await vdiOf('ab.d')
      for (let count = 1 + random.below(6); count > 0; count -= 1) {
        const at = random.happens(0.7) ? 64 + random.below(400) : 1024 * 1024 + random.below(16)
        const byte = new Uint8Array(1)
        await storage.read(at, byte)
        await storage.write(at, Uint8Array.of((byte[0] ?? 0) ^ (1 << random.below(8))))
      }
      expect(await survives(storage), `round ${round}`).toBeUndefined()
    }
  },
)

async function failureOf(storage: MemoryStorage): Promise<SpindleError | undefined> {
  try {
    await using disk = await openDisk(storage, {
      drivers: [vdiDriver],
      gate: new MemoryFolder(),
      format: 'vdi',
      access: 'read',
    })
    await disk.read(0, new Uint8Array(Math.min(disk.size, 4 * BLOCK)))
    return undefined
  } catch (error) {
    if (error instanceof SpindleError) return error
    throw error
  }
}

/** Reads, checks, repairs, writes, grows and shrinks: each may be refused in a sentence, and nothing else may happen. */
async function survives(storage: MemoryStorage): Promise<string | undefined> {
  const size = await storage.size()
  const attempts = [
    async () => {
      const checker = await vdiDriver.checker?.(storage)
      await checker?.check()
      await checker?.repair('leaks')
      await checker?.repair('all')
    },
    async () => {
      await using layer = await vdiDriver.open(storage, new MemoryFolder(), 'write')
      await layer.describe()
      await layer.map(0, Math.min(layer.virtualSize, 8 * BLOCK))
      const room = await layer.writer?.reserve(2 * BLOCK, Math.min(layer.virtualSize - 2 * BLOCK, 512))
      if (room && !room.linked) await room.link()
      await layer.writer?.flush()
    },
    async () => {
      await using layer = await vdiDriver.open(storage, new MemoryFolder(), 'write')
      await layer.resizer?.resize(BLOCK, 'off')
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
  return grown > 50 * BLOCK ? `it took ${grown} bytes more` : undefined
}
