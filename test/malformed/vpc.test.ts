// Malformed VHD images: every field with every kind of wrong value is opened rightly or refused in plain words.

import { describe, expect, test } from 'vitest'
import { vpcDriver } from '../../core/formats/vpc/driver.ts'
import { DYNAMIC_HEADER, FOOTER, LOCATORS_OFFSET } from '../../core/formats/vpc/layout.ts'
import type { DynamicHeaderFields, FooterFields } from '../../core/formats/vpc/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import {
  BLOCK,
  FIRST_BLOCK,
  HEADER_AT,
  TABLE_AT,
  differencingOf,
  setFooter,
  setHeader,
  utf16,
  vpcOf,
} from '../helpers/vpc-bytes.ts'

const WRONG_FOOTER: readonly (readonly [string, Partial<FooterFields>, string])[] = [
  ['version 2', { version: 0x2_0000 }, 'invalid-image'],
  ['type 0', { disk_type: 0 }, 'invalid-image'],
  ['type 5', { disk_type: 5 }, 'invalid-image'],
  ['a disk of 2041 GiB', { current_size: 2041 * 1024 * MiB }, 'invalid-image'],
  ['a disk of 2^53 bytes', { current_size: 2 ** 53 - 1 }, 'invalid-image'],
  ['a disk larger than its blocks', { current_size: 5 * BLOCK }, 'invalid-image'],
  ['a header past the end', { data_offset: 2n ** 40n }, 'invalid-image'],
  ['no header', { data_offset: 2n ** 64n - 1n }, 'invalid-image'],
  ['a header in the footer', { data_offset: 0n }, 'invalid-image'],
  ['a header that is none', { data_offset: BigInt(FIRST_BLOCK) }, 'invalid-image'],
]

test.for(WRONG_FOOTER)('%s is refused in a sentence', async ([, values, code]) => {
  const storage = await vpcOf('ab.d')
  // Where the geometry tells nothing, the size does.
  await setFooter(storage, { cylinders: 0, ...values })
  expect(await refusalOf(storage)).toBe(code)
})

const WRONG_HEADER: readonly (readonly [string, Partial<DynamicHeaderFields>, string])[] = [
  ['another cookie', { cookie: 1n }, 'invalid-image'],
  ['header version 2', { version: 0x2_0000 }, 'invalid-image'],
  ['blocks of 0 bytes', { block_size: 0 }, 'invalid-image'],
  ['blocks of 3 MiB', { block_size: 3 * MiB }, 'invalid-image'],
  ['blocks of 512 bytes', { block_size: 512 }, 'invalid-image'],
  ['blocks of 2 GiB', { block_size: 2 ** 31 }, 'invalid-image'],
  ['no block', { max_table_entries: 0 }, 'invalid-image'],
  ['one block too few', { max_table_entries: 3 }, 'invalid-image'],
  ['2^32 - 1 blocks', { max_table_entries: 2 ** 32 - 1 }, 'invalid-image'],
  ['a table past the end', { table_offset: 2 ** 40 }, 'invalid-image'],
  ['a table off the sectors', { table_offset: 1537 }, 'invalid-image'],
  ['a table over the footer', { table_offset: 0 }, 'invalid-image'],
]

test.for(WRONG_HEADER)('%s is refused in a sentence', async ([, values, code]) => {
  const storage = await vpcOf('ab.d')
  await setHeader(storage, values)
  expect(await refusalOf(storage)).toBe(code)
})

test('a fixed disk that is larger than its file is refused', async () => {
  const storage = await vpcOf('ab', { subformat: 'fixed' })
  await setFooter(storage, { cylinders: 0, current_size: 2 * BLOCK + 512 })
  expect(await refusalOf(storage)).toBe('invalid-image')
})

test('a differencing disk without its parent is refused, not read as zeros', async () => {
  const storage = await vpcOf('ab.d')
  await setFooter(storage, { disk_type: 4 })
  expect(await refusalOf(storage)).toBe('missing-file')
})

test.for([0, 3, 300, 511])('a file cut off after %i bytes is refused', async (size) => {
  const storage = await vpcOf('ab.d')
  await storage.truncate(size)
  expect(await refusalOf(storage)).toBe('invalid-image')
})

test.for([512, 1000, 1536, 1551])('a file cut off inside its tables, after %i bytes, is refused', async (size) => {
  const storage = await vpcOf('ab.d')
  await storage.truncate(size)
  expect(await refusalOf(storage)).toBe('invalid-image')
})

test('a parent named in a thousand characters, with a NUL or off the file is no reason to fail', async () => {
  const wild = { W2ru: utf16('../'.repeat(80)), MacX: Buffer.from('file://\0'), W2ku: utf16('\u202e\u0007') }
  const storage = await differencingOf(4 * BLOCK, {
    uniqueId: new Uint8Array(16),
    locators: wild,
    name: 'a'.repeat(255),
  })
  await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'read')
  expect(layer.backing?.identity).toBeUndefined()
  await setFooter(storage, { original_size: 1 })
  expect(await survives(storage)).toBeUndefined()
})

const VALUES = [
  0n,
  1n,
  2n,
  255n,
  256n,
  511n,
  513n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n - 512n,
]
const LARGE_VALUES = [2n ** 52n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 512n, 2n ** 64n - 1n]

function numbersOf(fields: Readonly<Record<string, { readonly offset: number; readonly size: number }>>) {
  return Object.entries(fields).filter(([, { size }]) => size <= 8)
}

describe.each([
  ['footer', numbersOf(FOOTER.fields)],
  ['header', numbersOf(DYNAMIC_HEADER.fields)],
] as const)('with a wrong field in the %s', (where, fields) => {
  test.each(fields)('%s', async (_, { offset, size }) => {
    for (const value of [...VALUES, ...LARGE_VALUES].filter((one) => one < 2n ** BigInt(size * 8))) {
      for (const rightChecksum of [true, false]) {
        const storage = await vpcOf('ab.d')
        const bytes = new DataView(new ArrayBuffer(8))
        bytes.setBigUint64(0, value)
        const field = new Uint8Array(bytes.buffer, 8 - size, size)
        const ends = where === 'footer' ? [0, (await storage.size()) - 512] : [HEADER_AT]
        for (const end of ends) await storage.write(end + offset, field)
        if (rightChecksum && where === 'footer') await orRefusal(() => setFooter(storage, {}))
        if (rightChecksum && where === 'header') await orRefusal(() => setHeader(storage, {}))
        expect(await survives(storage), `${value}, checksum ${rightChecksum}`).toBeUndefined()
      }
    }
  })
})

test.for(seeds())(
  'bits flipped at random are refused, or leave an image that can be worked with (seed %i)',
  async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 150; round += 1) {
      const storage = random.happens(0.5)
        ? await vpcOf('ab.d')
        : await differencingOf(4 * BLOCK, { uniqueId: random.bytes(16), locators: { W2ru: utf16('parent.vhd') } })
      for (let count = 1 + random.below(6); count > 0; count -= 1) {
        const end = (await storage.size()) - 512
        const at = random.pick([
          random.below(90),
          end + random.below(90),
          HEADER_AT + random.below(64),
          HEADER_AT + LOCATORS_OFFSET + random.below(48),
          TABLE_AT + random.below(16),
        ])
        const byte = new Uint8Array(1)
        await storage.read(at, byte)
        await storage.write(at, Uint8Array.of((byte[0] ?? 0) ^ (1 << random.below(8))))
      }
      if (random.happens(0.5)) await orRefusal(() => setFooter(storage, {}))
      if (random.happens(0.5)) await orRefusal(() => setHeader(storage, {}))
      expect(await survives(storage), `round ${round}`).toBeUndefined()
    }
  },
)

/** A structure that cannot even be decoded stays as it is. */
async function orRefusal(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
  }
}

/** The code of what is said, which is short and leaves the file as it is. */
async function refusalOf(storage: MemoryStorage): Promise<string | undefined> {
  const before = await storage.bytes()
  const error = await failureOf(storage)
  expect(error?.message.length).toBeLessThan(320)
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  return error?.code
}

async function failureOf(storage: MemoryStorage): Promise<SpindleError | undefined> {
  try {
    const gate = new MemoryFolder()
    await using disk = await openDisk(storage, { drivers: [vpcDriver], gate, format: 'vpc', access: 'read' })
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
      const checker = await vpcDriver.checker?.(storage)
      await checker?.check()
      await checker?.repair('leaks')
      await checker?.repair('all')
    },
    async () => {
      await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'write')
      await layer.describe()
      if (layer.virtualSize <= 2 * BLOCK) return
      await layer.map(0, Math.min(layer.virtualSize, 8 * BLOCK))
      const room = await layer.writer?.reserve(2 * BLOCK, Math.min(layer.virtualSize - 2 * BLOCK, 512))
      if (room && !room.linked) await room.link()
      await layer.writer?.flush()
    },
    async () => {
      await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'write')
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
