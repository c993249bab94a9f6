// Malformed VHDX images: every field with every kind of wrong value is opened rightly or refused in plain words.

import { describe, expect, test } from 'vitest'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { encodeHeader } from '../../core/formats/vhdx/headers.ts'
import {
  BLOCK as STATE,
  HEADER,
  HEADER_OFFSETS,
  HEADER_SIZE,
  LOG_ENTRY,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE,
} from '../../core/formats/vhdx/layout.ts'
import { crc32c } from '../../core/bytes/crc32c.ts'
import { openDisk } from '../../core/image/chain.ts'
import { SpindleError } from '../../core/model/error.ts'
import { KiB, MiB, TiB } from '../../core/model/units.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder, readOnly } from '../helpers/memory-gate.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import {
  BAT,
  BLOCK,
  DATA,
  ITEM_AT,
  LOG,
  METADATA,
  headerOf,
  putLog,
  setEntry,
  setHeaders,
  setNumber,
  setParent,
  setRegions,
  vhdxOf,
} from '../helpers/vhdx-bytes.ts'
import type { LogEntrySpec } from '../helpers/vhdx-bytes.ts'

const LETTERS = 'ab.d'
const SECTOR = new Uint8Array(4 * KiB).fill(7)

type Damage = (storage: MemoryStorage) => Promise<unknown>

function log(change: Partial<LogEntrySpec>): Damage {
  const entry = { sequence: 1n, at: 0, tail: 0, records: [{ offset: BigInt(DATA), bytes: SECTOR }] }
  return (storage) => putLog(storage, [{ ...entry, ...change }])
}

function number(offset: number, size: 2 | 4 | 8, value: number | bigint): Damage {
  return (storage) => setNumber(storage, offset, size, BigInt(value))
}

/** What the corpus calls REFUSE, and the code it is refused with. */
const REFUSED: readonly (readonly [string, Damage, string])[] = [
  ['no signature', (storage) => storage.write(0, Uint8Array.of(0)), 'invalid-image'],
  [
    'both headers damaged',
    async (storage) => {
      for (const offset of HEADER_OFFSETS) await storage.write(offset + 8, new Uint8Array(8).fill(1))
    },
    'invalid-image',
  ],
  [
    'headers that are equally recent and differ',
    async (storage) => {
      const header = await headerOf(storage)
      await storage.write(HEADER_OFFSETS[0], encodeHeader({ ...header, data_write_guid: header.file_write_guid }))
    },
    'invalid-image',
  ],
  ['version 2', (storage) => setHeaders(storage, { version: 2 }), 'unsupported'],
  ['version 1 of the log', (storage) => setHeaders(storage, { log_version: 1 }), 'invalid-image'],
  ['no log', (storage) => setHeaders(storage, { log_length: 0 }), 'invalid-image'],
  ['a log past the end', (storage) => setHeaders(storage, { log_length: 0xfff0_0000 }), 'invalid-image'],
  ['a log in the headers', (storage) => setHeaders(storage, { log_offset: 0 }), 'invalid-image'],
  ['a log off its boundary', (storage) => setHeaders(storage, { log_offset: MiB + 4096 }), 'invalid-image'],
  [
    'both region tables damaged',
    async (storage) => {
      for (const offset of REGION_TABLE_OFFSETS) await storage.write(offset + 50_000, Uint8Array.of(1))
    },
    'invalid-image',
  ],
  [
    'regions that overlap',
    (storage) => setRegions(storage, ([bat, meta]) => (bat && meta ? [{ ...bat, offset: METADATA }, meta] : [])),
    'invalid-image',
  ],
  [
    'a region in the log',
    (storage) => setRegions(storage, ([bat, meta]) => (bat && meta ? [{ ...bat, offset: LOG }, meta] : [])),
    'invalid-image',
  ],
  [
    'two tables of blocks',
    (storage) => setRegions(storage, (all) => all.flatMap((one) => [one, { ...one, offset: one.offset + 4 * MiB }])),
    'invalid-image',
  ],
  ['no metadata region', (storage) => setRegions(storage, (all) => all.slice(0, 1)), 'invalid-image'],
  [
    'a region past the end',
    (storage) => setRegions(storage, (all) => all.map((one) => ({ ...one, length: 512 * MiB }))),
    'invalid-image',
  ],
  [
    'an unknown region that must be understood',
    (storage) =>
      setRegions(storage, (all) => [
        ...all,
        { guid: '12345678-1234-1234-1234-123456789abc', offset: DATA + 3 * MiB, length: MiB, required: true },
      ]),
    'unsupported',
  ],
  ['no metadata signature', number(METADATA, 8, 0), 'invalid-image'],
  ['65535 metadata items', number(METADATA + 10, 2, 0xffff), 'invalid-image'],
  ['no metadata items', number(METADATA + 10, 2, 0), 'invalid-image'],
  ['one item too few', number(METADATA + 10, 2, 4), 'invalid-image'],
  ['a metadata item outside its region', number(METADATA + 32 + 16, 4, 0xffff_fff0), 'invalid-image'],
  ['a metadata item in the table', number(METADATA + 32 + 16, 4, 64), 'invalid-image'],
  ['a metadata item too short', number(METADATA + 32 + 20, 4, 4), 'invalid-image'],
  ['a metadata item of 4 GiB', number(METADATA + 32 + 20, 4, 0xffff_ffff), 'invalid-image'],
  ['an unknown item that must be understood', number(METADATA + 32, 4, 1), 'unsupported'],
  ['blocks of 0 bytes', number(ITEM_AT.blockSize, 4, 0), 'invalid-image'],
  ['blocks of 3 MiB', number(ITEM_AT.blockSize, 4, 3 * MiB), 'invalid-image'],
  ['blocks of 512 KiB', number(ITEM_AT.blockSize, 4, 512 * KiB), 'invalid-image'],
  ['blocks of 512 MiB', number(ITEM_AT.blockSize, 4, 512 * MiB), 'invalid-image'],
  ['sectors of 1024 bytes', number(ITEM_AT.logicalSector, 4, 1024), 'invalid-image'],
  ['sectors of 0 bytes', number(ITEM_AT.logicalSector, 4, 0), 'invalid-image'],
  ['a disk of 2^63 bytes', number(ITEM_AT.virtualSize, 8, 2n ** 63n), 'invalid-image'],
  ['a disk of (2^32 + 25) MiB', number(ITEM_AT.virtualSize, 8, (2n ** 32n + 25n) * BigInt(MiB)), 'invalid-image'],
  ['a disk just too large', number(ITEM_AT.virtualSize, 8, 64 * TiB + 512), 'invalid-image'],
  ['a disk of odd bytes', number(ITEM_AT.virtualSize, 8, 4 * MiB + 100), 'invalid-image'],
  ['a table of blocks too small', number(ITEM_AT.virtualSize, 8, 64 * TiB), 'invalid-image'],
  ['a parent that is not named', number(ITEM_AT.flags, 4, 2), 'invalid-image'],
  ['a parent with a name alone', (storage) => setParent(storage, { relative_path: 'x.vhdx' }), 'invalid-image'],
  ['a parent linked by nonsense', (storage) => setParent(storage, { parent_linkage: '{nobody}' }), 'invalid-image'],
  [
    'a parent of which a hundred things are said',
    (storage) => setParent(storage, Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'v']))),
    'invalid-image',
  ],
  ['a log that overwrites the headers', log({ records: [{ offset: 0x1_0000n, bytes: SECTOR }] }), 'invalid-image'],
  [
    'a log that overwrites itself',
    log({ records: [{ offset: BigInt(LOG + 64 * KiB), bytes: SECTOR }] }),
    'invalid-image',
  ],
  ['a log that writes at 2^62', log({ records: [{ offset: 2n ** 62n, bytes: SECTOR }] }), 'invalid-image'],
  [
    'a log that writes off the sectors',
    log({ records: [{ offset: BigInt(DATA + 512), bytes: SECTOR }] }),
    'invalid-image',
  ],
  ['a log of 2^60 zeros', log({ records: [{ offset: BigInt(DATA), length: 2n ** 60n }] }), 'invalid-image'],
  [
    'a log of zeros around itself',
    log({ records: [{ offset: BigInt(256 * KiB), length: BigInt(3 * MiB) }] }),
    'invalid-image',
  ],
  [
    'a log that zeros the same place for ever',
    log({ records: Array.from({ length: 9 }, () => ({ offset: BigInt(DATA), length: BigInt(MiB) })) }),
    'invalid-image',
  ],
  ['a log that knew a longer file', log({ flushedSize: 2n ** 40n }), 'invalid-image'],
  ['a log that would make the file endless', log({ lastSize: 2n ** 60n }), 'invalid-image'],
]

test.for(REFUSED)('%s is refused in a sentence, and not a byte is written', async ([, damage, code]) => {
  const storage = await vhdxOf(LETTERS)
  await damage(storage)
  const before = await storage.bytes()
  for (const access of ['read', 'write'] as const) {
    const error = await failureOf(storage, access)
    expect(error).toMatchObject({ code })
    expect(error?.message).toMatch(/^.{20,330}[.]$/s)
  }
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test.for([0, 8, 64 * KiB, 128 * KiB + 100, 192 * KiB, MiB, 2 * MiB, 3 * MiB, DATA - 1])(
  'a file cut off after %i bytes is refused',
  async (size) => {
    const storage = await vhdxOf(LETTERS)
    await storage.truncate(size)
    expect(await failureOf(storage, 'read')).toMatchObject({ code: 'invalid-image' })
  },
)

test('a file cut off in its data is read up to there', async () => {
  const storage = await vhdxOf('abcd')
  await storage.truncate(DATA + 2 * BLOCK + 4096)
  await using disk = await openDisk(readOnly(storage), {
    drivers: [vhdxDriver],
    gate: new MemoryFolder(),
    format: 'vhdx',
    access: 'read',
  })
  await disk.read(0, new Uint8Array(2 * BLOCK + 4096))
  await expect(disk.read(2 * BLOCK, new Uint8Array(8192))).rejects.toMatchObject({ code: 'invalid-image' })
  await expect(disk.read(3 * BLOCK, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
})

test('of a block that leads nowhere only that block is lost', async () => {
  const storage = await vhdxOf('abcd')
  for (const offset of [MiB, METADATA, BAT, 2 ** 43]) {
    await setEntry(storage, 1, STATE.present, offset)
    await using disk = await openDisk(readOnly(storage), {
      drivers: [vhdxDriver],
      gate: new MemoryFolder(),
      format: 'vhdx',
      access: 'read',
    })
    await disk.read(0, new Uint8Array(BLOCK))
    await disk.read(2 * BLOCK, new Uint8Array(2 * BLOCK))
    await expect(disk.read(BLOCK, new Uint8Array(1))).rejects.toMatchObject({ code: 'invalid-image' })
  }
})

describe('every field with every kind of wrong value', () => {
  const values = [
    0n,
    1n,
    2n,
    511n,
    2n ** 16n - 1n,
    2n ** 20n,
    2n ** 20n + 1n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n - 1n,
  ]
  const large = [2n ** 44n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 2n ** 20n, 2n ** 64n - 1n]
  const fields: readonly Place[] = [
    ...fieldsOf(HEADER.fields, HEADER_OFFSETS[0]),
    { name: 'region count', offset: REGION_TABLE_OFFSETS[0] + 8, size: 4 },
    { name: 'region offset', offset: REGION_TABLE_OFFSETS[0] + 32, size: 8 },
    { name: 'region length', offset: REGION_TABLE_OFFSETS[0] + 40, size: 4 },
    { name: 'metadata count', offset: METADATA + 10, size: 2 },
    ...[0, 1, 2, 3, 4].flatMap((index) => entryFields(`metadata item ${index}`, METADATA + 32 + index * 32)),
    { name: 'block size', offset: ITEM_AT.blockSize, size: 4 },
    { name: 'file flags', offset: ITEM_AT.flags, size: 4 },
    { name: 'virtual size', offset: ITEM_AT.virtualSize, size: 8 },
    { name: 'logical sector', offset: ITEM_AT.logicalSector, size: 4 },
    { name: 'physical sector', offset: ITEM_AT.physicalSector, size: 4 },
    { name: 'first entry', offset: BAT, size: 8 },
    { name: 'third entry', offset: BAT + 16, size: 8 },
    ...fieldsOf(LOG_ENTRY.fields, LOG).map((field) => ({ ...field, name: `log ${field.name}` })),
    { name: 'log descriptor offset', offset: LOG + 64 + 16, size: 8 },
  ]

  test.for(fields)('$name', async ({ name, offset, size }) => {
    for (const value of [...values, ...large].filter((one) => one < 2n ** BigInt(8 * size))) {
      const storage = await vhdxOf(LETTERS)
      if (name.startsWith('log ') && offset >= LOG) await log({})(storage)
      await setNumber(storage, offset, size, value)
      await makeChecksumsRight(storage, { keepHeader: name === 'checksum' })
      expect(await survives(storage), `${name} = ${value}`).toBeUndefined()
    }
  })
})

test.for(seeds())(
  'bits flipped at random are refused, or leave an image that can be worked with (seed %i)',
  async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 80; round += 1) {
      const storage = await vhdxOf(LETTERS)
      if (random.happens(0.4)) await log({})(storage)
      for (let count = 1 + random.below(5); count > 0; count -= 1) await flip(storage, place(random))
      await makeChecksumsRight(storage, { keepHeader: random.happens(0.1) })
      expect(await survives(storage), `round ${round}`).toBeUndefined()
    }
  },
)

interface Place {
  readonly name: string
  readonly offset: number
  readonly size: 2 | 4 | 8
}

function fieldsOf(
  fields: Readonly<Record<string, { readonly offset: number; readonly size: number }>>,
  base: number,
): readonly Place[] {
  return Object.entries(fields).flatMap(([name, { offset, size }]) =>
    size === 2 || size === 4 || size === 8 ? [{ name, offset: base + offset, size }] : [],
  )
}

function entryFields(name: string, base: number): readonly Place[] {
  return ['offset', 'length', 'flags'].map((field, index) => ({
    name: `${name} ${field}`,
    offset: base + 16 + 4 * index,
    size: 4,
  }))
}

function place(random: Random): { at: number; bit: number } {
  const base = random.pick([0, HEADER_OFFSETS[0], HEADER_OFFSETS[1], LOG, METADATA, METADATA + 64 * KiB, BAT])
  const reach = base === METADATA ? 200 : base === BAT ? 40 : base === LOG ? 160 : 80
  const region = REGION_TABLE_OFFSETS[0] + 8 + random.below(80)
  return { at: random.happens(0.2) ? region : base + random.below(reach), bit: random.below(8) }
}

async function flip(storage: MemoryStorage, { at, bit }: { at: number; bit: number }): Promise<void> {
  const byte = new Uint8Array(1)
  await storage.read(at, byte)
  await storage.write(at, Uint8Array.of((byte[0] ?? 0) ^ (1 << bit)))
}

/** Of the first header, the first region table and the first log entry: damage that a checksum would catch is no test. */
async function makeChecksumsRight(storage: MemoryStorage, { keepHeader }: { keepHeader: boolean }): Promise<void> {
  const places = [
    ...(keepHeader ? [] : [{ offset: HEADER_OFFSETS[0], length: HEADER_SIZE }]),
    { offset: REGION_TABLE_OFFSETS[0], length: REGION_TABLE_SIZE },
    { offset: LOG, length: 8 * KiB },
  ]
  for (const { offset, length } of places) {
    const bytes = new Uint8Array(length)
    await storage.read(offset, bytes)
    const view = new DataView(bytes.buffer)
    view.setUint32(4, 0, true)
    await setNumber(storage, offset + 4, 4, BigInt(crc32c(bytes)))
  }
  // The first header is to count, whatever its number.
  if (!keepHeader) await storage.write(HEADER_OFFSETS[1], new Uint8Array(HEADER_SIZE))
}

async function failureOf(storage: MemoryStorage, access: 'read' | 'write'): Promise<SpindleError | undefined> {
  try {
    await using disk = await openDisk(access === 'read' ? readOnly(storage) : storage, {
      drivers: [vhdxDriver],
      gate: new MemoryFolder(),
      format: 'vhdx',
      access,
    })
    await disk.read(0, new Uint8Array(Math.min(disk.size, 4 * BLOCK)))
    return undefined
  } catch (error) {
    if (error instanceof SpindleError) return error
    throw error
  }
}

/** Reads, checks, repairs, writes and resizes: each may be refused in a sentence, and nothing else may happen. */
async function survives(storage: MemoryStorage): Promise<string | undefined> {
  const before = await storage.allocatedSize()
  const attempts = [
    async () => {
      const error = await failureOf(storage, 'read')
      if (error) throw error
    },
    async () => {
      const checker = await vhdxDriver.checker?.(readOnly(storage))
      await checker?.check()
    },
    async () => {
      const checker = await vhdxDriver.checker?.(storage)
      await checker?.repair('leaks')
      await checker?.repair('all')
    },
    async () => {
      await using layer = await vhdxDriver.open(storage, new MemoryFolder(), 'write')
      await layer.describe()
      const room = await layer.writer?.reserve(2 * BLOCK, 512)
      await room?.storage.write(room.offset, new Uint8Array(512).fill(1))
      await layer.writer?.flush()
    },
    async () => {
      await using layer = await vhdxDriver.open(storage, new MemoryFolder(), 'write')
      await layer.resizer?.resize(BLOCK, 'off')
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
  const grown = (await storage.allocatedSize()) - before
  return grown > 2 * BLOCK ? `it took ${grown} bytes more` : undefined
}
