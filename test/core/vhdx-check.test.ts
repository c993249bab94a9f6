// Checking and repairing VHDX images: each damage has its finding, and a repair loses no data.

import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { BLOCK as STATE, REGION_TABLE_OFFSETS } from '../../core/formats/vhdx/layout.ts'
import { SpindleError } from '../../core/model/error.ts'
import { GiB, MiB } from '../../core/model/units.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'
import {
  BAT,
  BLOCK,
  DATA,
  ITEM_AT,
  METADATA,
  headerOf,
  lettersOf,
  putLog,
  setEntry,
  setHeaders,
  setNumber,
  setRegions,
  vhdxOf,
} from '../helpers/vhdx-bytes.ts'

interface Damage {
  readonly name: string
  readonly damage: (storage: MemoryStorage) => Promise<void>
  readonly codes: readonly string[]
  /** After `repair all`; what was found before, where nothing can be done. */
  readonly left?: readonly string[]
  /** What is read afterwards, `abcd` where nothing is said; `!` where it cannot be read. */
  readonly reads?: string
}

const DAMAGES: readonly Damage[] = [
  {
    name: 'a damaged first header',
    damage: (storage) => storage.write(64 * 1024 + 70, Uint8Array.of(9)),
    codes: ['header-damaged'],
    left: [],
  },
  {
    name: 'a damaged second header',
    damage: (storage) => storage.write(128 * 1024, new Uint8Array(4096)),
    codes: ['header-damaged'],
    left: [],
  },
  ...REGION_TABLE_OFFSETS.map((offset) => ({
    name: `a damaged copy of the region table at ${offset}`,
    damage: (storage: MemoryStorage) => storage.write(offset + 20, new Uint8Array(4000)),
    codes: ['region-table-damaged'],
    left: [],
  })),
  {
    name: 'copies of the region table that differ',
    damage: async (storage) => {
      const first = new Uint8Array(64 * 1024)
      await storage.read(REGION_TABLE_OFFSETS[0], first)
      await setRegions(storage, (regions) => regions.toReversed())
      await storage.write(REGION_TABLE_OFFSETS[0], first)
    },
    codes: ['region-table-damaged'],
    left: [],
  },
  {
    name: 'changes waiting in the log',
    damage: async (storage) => {
      const bytes = new Uint8Array(4096).fill(90)
      await putLog(storage, [{ sequence: 1n, at: 0, tail: 0, records: [{ offset: BigInt(DATA), bytes }] }])
    },
    codes: ['log-pending'],
    left: [],
    reads: 'Zbcd',
  },
  {
    name: 'two blocks in one place',
    damage: (storage) => setEntry(storage, 1, STATE.present, DATA),
    codes: ['blocks-overlap'],
    reads: 'aacd',
  },
  {
    name: 'a block in the log',
    damage: (storage) => setEntry(storage, 1, STATE.present, MiB),
    codes: ['block-misplaced'],
    reads: '!',
  },
  {
    name: 'a block past the end',
    damage: (storage) => setEntry(storage, 1, STATE.present, GiB),
    codes: ['block-misplaced'],
    reads: '!',
  },
  {
    name: 'a block in a state there is none of',
    damage: (storage) => setEntry(storage, 1, 4, DATA + BLOCK),
    codes: ['block-misplaced'],
    reads: '!',
  },
  {
    name: 'a block to be completed from a parent there is none of',
    damage: (storage) => setEntry(storage, 1, STATE.partial, DATA + BLOCK),
    codes: ['block-misplaced'],
    reads: '!',
  },
  {
    name: 'bits without meaning in an entry',
    damage: (storage) => setNumber(storage, BAT, 2, 0x86n),
    codes: ['stray-bits'],
  },
  {
    name: 'a last block that is cut short',
    damage: (storage) => storage.truncate(DATA + 3 * BLOCK + 4096),
    codes: ['block-cut-short'],
  },
  {
    name: 'room at the end that nothing leads to',
    damage: (storage) => storage.write(DATA + 4 * BLOCK + 5000, Uint8Array.of(1)),
    codes: ['unused-tail'],
    left: [],
  },
]

/** Where a block cannot be read, that is told, and no other bytes are shown. */
async function readable(storage: MemoryStorage): Promise<string> {
  try {
    return await lettersOf(storage)
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'invalid-image') return '!'
    throw error
  }
}

async function codes(storage: MemoryStorage): Promise<readonly string[]> {
  const report = await (await vhdxDriver.checker?.(storage))?.check()
  for (const { message } of report?.findings ?? []) expect(message).toMatch(/^[A-Z].{20,350}[.]$/)
  return report?.findings.map(({ code }) => code) ?? []
}

test('a new image has no findings, and is counted rightly', async () => {
  const storage = await vhdxOf('a.cd')
  const report = await (await vhdxDriver.checker?.(storage))?.check()
  expect(report).toMatchObject({
    findings: [],
    clusterSize: BLOCK,
    totals: { totalClusters: 4, allocatedClusters: 3, corruptions: 0, leaks: 0, imageEndOffset: DATA + 3 * BLOCK },
  })
})

test.for(DAMAGES)('$name: found, and repaired as far as nothing is lost', async (one) => {
  const storage = await vhdxOf('abcd')
  await one.damage(storage)
  const before = await storage.bytes()
  expect(await codes(storage)).toEqual(one.codes)
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  const checker = await vhdxDriver.checker?.(storage)
  const report = await checker?.repair('all')
  expect(report?.repaired.length).toBe(one.left ? 1 : 0)
  expect(report?.after.findings.map(({ code }) => code)).toEqual(one.left ?? one.codes)
  expect(await codes(storage)).toEqual(one.left ?? one.codes)
  expect(await readable(storage)).toBe(one.reads ?? 'abcd')
})

test('what is unused at the end stays, while an entry is damaged that may have led there', async () => {
  const storage = await vhdxOf('abcd')
  await storage.write(DATA + 4 * BLOCK, Uint8Array.of(1))
  await setEntry(storage, 1, STATE.present, GiB)
  const size = await storage.size()
  await (await vhdxDriver.checker?.(storage))?.repair('all')
  expect(await storage.size()).toBe(size)
})

test('a check of leaks alone leaves errors as they are', async () => {
  const storage = await vhdxOf('abcd')
  await storage.write(128 * 1024, new Uint8Array(4096))
  const report = await (await vhdxDriver.checker?.(storage))?.repair('leaks')
  expect(report).toMatchObject({ repaired: [], corruptionsFixed: 0 })
})

test('damage that keeps an image from being opened is told in a sentence', async () => {
  const storage = await vhdxOf('ab')
  await setNumber(storage, ITEM_AT.blockSize, 4, 3n * BigInt(MiB))
  await expect(vhdxDriver.checker?.(storage)).rejects.toMatchObject({ code: 'invalid-image' })
  await storage.write(METADATA, new Uint8Array(8))
  await expect(vhdxDriver.checker?.(storage)).rejects.toThrow(/metadata/)
  await setHeaders(storage, { version: 2 })
  await expect(vhdxDriver.checker?.(storage)).rejects.toMatchObject({ code: 'unsupported' })
})

test.for(oracles())(
  'QEMU $version agrees about what is damaged, and about what a repair made whole',
  async (oracle) => {
    const qemu = new Qemu(oracle, scratchFolder(), 'vhdx')
    const path = join(qemu.folder, 'disk')
    const storage = await vhdxOf('abcd')
    await storage.write(64 * 1024, new Uint8Array(4096))
    const bytes = new Uint8Array(4096).fill(90)
    await putLog(storage, [{ sequence: 1n, at: 0, tail: 0, records: [{ offset: BigInt(DATA), bytes }] }])
    writeFileSync(path, await storage.bytes())
    expect(() => qemu.check('disk')).toThrow(/log/)
    expect(await spindleHere('check', '-r', 'all', path)).toMatchObject({ code: 0 })
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, errors: 0 })
    expect(String.fromCharCode(qemu.content('disk')[0] ?? 0)).toBe('Z')
    truncateSync(path, DATA + 2 * BLOCK)
    const { code } = await spindleHere('check', path)
    expect(code).toBe(2)
    expect(await headerOf(storage)).toBeDefined()
  },
)
