// What a check says of damaged VHD images, and what a repair makes of them.

import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { vpcDriver } from '../../core/formats/vpc/driver.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../core/model/check.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'
import {
  BLOCK,
  FIRST_BLOCK,
  HEADER_AT,
  ROOM,
  TABLE_AT,
  lettersOf,
  readFooter,
  readHeader,
  setEntry,
  setFooter,
  vpcOf,
} from '../helpers/vpc-bytes.ts'

async function check(storage: Storage): Promise<CheckReport> {
  const checker = await vpcDriver.checker?.(storage)
  if (!checker) throw new Error('VHD has no checker')
  return checker.check()
}

async function repair(storage: Storage, mode: RepairMode = 'all'): Promise<RepairReport> {
  const checker = await vpcDriver.checker?.(storage)
  if (!checker) throw new Error('VHD has no checker')
  return checker.repair(mode)
}

function codes({ findings }: CheckReport): readonly string[] {
  return findings.map(({ kind, code, count }) => `${kind} ${code} ${count}`)
}

async function isWritable(storage: MemoryStorage): Promise<boolean> {
  await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'write')
  expect(layer.writer === undefined).toBe(layer.unwritable !== undefined)
  return layer.writer !== undefined
}

async function flip(storage: Storage, offset: number): Promise<void> {
  const byte = new Uint8Array(1)
  await storage.read(offset, byte)
  await storage.write(offset, Uint8Array.of((byte[0] ?? 0) ^ 0x10))
}

test('a sound image has nothing to tell, and a repair changes no byte of it', async () => {
  for (const storage of [await vpcOf('ab.d'), await vpcOf('ab.d', { subformat: 'fixed' })]) {
    const before = await storage.bytes()
    expect(await check(storage)).toMatchObject({ findings: [], totals: { corruptions: 0, leaks: 0, checkErrors: 0 } })
    expect((await repair(storage)).repaired).toEqual([])
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  }
  expect((await check(await vpcOf('ab.d'))).totals).toMatchObject({
    totalClusters: 4,
    allocatedClusters: 3,
    fragmentedClusters: 0,
    imageEndOffset: FIRST_BLOCK + 3 * ROOM + 512,
  })
})

/** Ways to lose the footer at the end of `ab.d`, whose last block ends before it. */
const LOST: Readonly<Record<string, (storage: MemoryStorage) => Promise<void>>> = {
  'cut off with the file': async (storage) => storage.truncate((await storage.size()) - 512),
  'cut off half': async (storage) => storage.truncate((await storage.size()) - 200),
  'overwritten with zeros': async (storage) => storage.zero((await storage.size()) - 512, 512),
  'with one bit changed': async (storage) => flip(storage, (await storage.size()) - 512 + 44),
  'with something behind it': async (storage) => storage.write(await storage.size(), new Uint8Array(700).fill(1)),
}

test.for(Object.keys(LOST))('a footer that is lost, %s, comes back from its copy', async (how) => {
  const storage = await vpcOf('ab.d')
  const before = await storage.bytes()
  await LOST[how]?.(storage)
  expect(codes(await check(storage))).toEqual(['error footer 1'])
  expect(await lettersOf(storage)).toBe('ab.d')
  expect(await isWritable(storage)).toBe(false)
  expect(await repair(storage, 'leaks')).toMatchObject({ corruptionsFixed: 0, repaired: [] })
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  expect(await isWritable(storage)).toBe(true)
})

test('the copy of the footer comes back from the footer, whether it is gone or says something else', async () => {
  for (const damage of [0, 44]) {
    const storage = await vpcOf('ab.d')
    const before = await storage.bytes()
    await flip(storage, damage)
    expect(codes(await check(storage))).toEqual(['error footer-copy 1'])
    expect(await repair(storage)).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  }
  const storage = await vpcOf('ab.d')
  const copy = await readFooter(storage, 0)
  await setFooter(storage, { current_size: 3 * BLOCK, cylinders: 65_535, heads: 16, sectors_per_track: 255 })
  const other = await vpcOf('ab.d')
  await other.write(0, (await storage.bytes()).subarray(0, 512))
  expect(codes(await check(other))).toEqual(['error footer-copy 1'])
  expect(await lettersOf(other)).toBe('ab.d')
  await repair(other)
  expect((await readFooter(other, 0)).current_size).toBe(copy.current_size)
})

test('wrong checksums are written anew, where what they stand for makes sense', async () => {
  const storage = await vpcOf('ab.d')
  await flip(storage, 64)
  await flip(storage, (await storage.size()) - 512 + 64)
  await flip(storage, HEADER_AT + 36)
  expect(codes(await check(storage))).toEqual(['error footer 1', 'error header 1'])
  expect(await lettersOf(storage)).toBe('ab.d')
  expect(await isWritable(storage)).toBe(false)
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 2, after: { findings: [] } })
  expect(await lettersOf(storage)).toBe('ab.d')

  const fixed = await vpcOf('ab', { subformat: 'fixed' })
  await flip(fixed, 2 * BLOCK + 64)
  expect(codes(await check(fixed))).toEqual(['error footer 1'])
  expect(await repair(fixed)).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
  expect(await lettersOf(fixed)).toBe('ab')
})

test('a gap in the file is closed by its last blocks, and the file becomes shorter', async () => {
  const storage = await vpcOf('abcdef')
  await setEntry(storage, 1, -1)
  await setEntry(storage, 2, -1)
  const before = await storage.size()
  expect(codes(await check(storage))).toEqual(['leak unused-room 2'])
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 2, after: { findings: [] } })
  expect(await storage.size()).toBe(before - 2 * ROOM)
  expect(await lettersOf(storage)).toBe('a..def')
})

test('a gap before a block table at the end is closed as well', async () => {
  const storage = await vpcOf('ab')
  const gate = new MemoryFolder()
  await using disk = await openDisk(storage, { drivers: [vpcDriver], gate, format: 'vpc', access: 'write' })
  await disk.top.resizer?.resize(300 * BLOCK, 'off')
  const { table_offset: tableAt } = await readHeader(storage)
  expect(tableAt).toBeGreaterThan(FIRST_BLOCK)
  await storage.write(tableAt + 4, new Uint8Array(4).fill(0xff))
  expect(codes(await check(storage))).toEqual(['leak unused-room 1'])
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 1, after: { findings: [] } })
  expect((await lettersOf(storage)).slice(0, 3)).toBe('a..')
})

test('blocks that lie over each other get a place each, with what they showed', async () => {
  const storage = await vpcOf('abc.')
  await setEntry(storage, 1, FIRST_BLOCK)
  await setEntry(storage, 3, FIRST_BLOCK)
  expect(codes(await check(storage))).toEqual([
    'error blocks-overlap 1',
    'error blocks-overlap 1',
    'leak unused-room 1',
  ])
  expect(await lettersOf(storage)).toBe('aaca')
  expect(await isWritable(storage)).toBe(false)
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 2, leaksFixed: 1, after: { findings: [] } })
  expect(await lettersOf(storage)).toBe('aaca')
  expect(await isWritable(storage)).toBe(true)
})

test.for([
  ['past the end', 2 ** 40],
  ['just past the end', FIRST_BLOCK + 4 * ROOM],
  ['over the headers', 512],
  ['over the table', TABLE_AT],
  ['at the very beginning', 0],
] as const)('an entry that leads %s stays an error, and so does what it may have led to', async ([, place]) => {
  const storage = await vpcOf('abcd')
  await setEntry(storage, 2, place)
  const found = codes(await check(storage))
  expect(found).toHaveLength(2)
  expect(found[0]).toMatch(/^error block-(past-end|over-table) 1$/)
  expect(found[1]).toBe('leak unused-room 1')
  await expect(lettersOf(storage)).rejects.toMatchObject({
    code: 'invalid-image',
    message: expect.stringContaining(`the guest’s bytes from ${2 * BLOCK} on`) as unknown,
  })
  const before = await storage.bytes()
  const { after, repaired } = await repair(storage)
  expect(repaired).toEqual([])
  expect(codes(after)).toEqual([...found, 'note leaks-kept 1'])
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test('what lies before and behind a damaged entry can still be read', async () => {
  const storage = await vpcOf('abcd')
  await setEntry(storage, 2, 2 ** 40)
  await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'read')
  const [first, second] = await layer.map(0, 4 * BLOCK)
  expect([first, second].map((extent) => extent?.length)).toEqual([BLOCK, BLOCK])
  expect(await layer.map(3 * BLOCK, BLOCK)).toMatchObject([{ kind: 'data', length: BLOCK }])
})

test('blocks with sectors that are not marked as written are told of, and stay as they are', async () => {
  const storage = await vpcOf('ab')
  await storage.write(FIRST_BLOCK, new Uint8Array(3))
  expect(codes(await check(storage))).toEqual(['note sectors-unmarked 1'])
  expect(await repair(storage)).toMatchObject({ repaired: [] })
  expect(await lettersOf(storage)).toBe('ab')
})

test('a disk that belongs to a saved machine can be read, and only that', async () => {
  const storage = await vpcOf('ab')
  await setFooter(storage, { saved_state: 1 })
  expect(codes(await check(storage))).toEqual(['note saved-state 1'])
  expect(await isWritable(storage)).toBe(false)
  expect(await lettersOf(storage)).toBe('ab')
})

test('the command repairs a VHD that QEMU then opens without a word', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'vpc')
  const path = join(qemu.folder, 'disk.vhd')
  const storage = await vpcOf('ab.d')
  await storage.zero((await storage.size()) - 512, 512)
  await flip(storage, HEADER_AT + 36)
  writeFileSync(path, await storage.bytes())
  const found = await spindleHere('check', path)
  expect(found).toMatchObject({ code: 2, error: expect.stringContaining('missing at the end') as unknown })
  expect(await spindleHere('check', '-r', 'all', path)).toMatchObject({ code: 0 })
  expect(
    Buffer.from(qemu.content('disk.vhd'))
      .subarray(3 * BLOCK)
      .equals(Buffer.alloc(BLOCK, 'd')),
  ).toBe(true)
  expect(qemu.img('info', '-f', 'vpc', 'disk.vhd')).not.toContain('checksum')
})
