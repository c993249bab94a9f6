// What a check says of damaged VDI images, and what a repair makes of them.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vdiDriver } from '../../core/formats/vdi/driver.ts'
import { FREE, HEADER } from '../../core/formats/vdi/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../core/model/check.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { openFile } from '../../core/storage/file.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BLOCK, lettersOf, readHeader, setEntry, setHeader, vdiOf } from '../helpers/vdi-bytes.ts'

async function check(storage: Storage): Promise<CheckReport> {
  const checker = await vdiDriver.checker?.(storage)
  if (!checker) throw new Error('VDI has no checker')
  return checker.check()
}

async function repair(storage: Storage, mode: RepairMode = 'all'): Promise<RepairReport> {
  const checker = await vdiDriver.checker?.(storage)
  if (!checker) throw new Error('VDI has no checker')
  return checker.repair(mode)
}

function codes({ findings }: CheckReport): readonly string[] {
  return findings.map(({ kind, code, count }) => `${kind} ${code} ${count}`)
}

test('a sound image has nothing to tell, and a repair changes no byte of it', async () => {
  const storage = await vdiOf('ab.d')
  const before = await storage.bytes()
  expect(await check(storage)).toMatchObject({
    findings: [],
    totals: { totalClusters: 4, allocatedClusters: 3, fragmentedClusters: 0, corruptions: 0, leaks: 0, checkErrors: 0 },
  })
  expect((await repair(storage)).repaired).toEqual([])
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test('too low a count of blocks is an error, and is put right', async () => {
  const storage = await vdiOf('abcd')
  await setHeader(storage, { blocks_allocated: 1 })
  expect(codes(await check(storage))).toEqual(['error blocks-allocated 1'])
  expect((await repair(storage, 'leaks')).after.totals.corruptions).toBe(1)
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
  expect((await readHeader(storage)).blocks_allocated).toBe(4)
  expect(await lettersOf(storage)).toBe('abcd')
})

test('too high a count of blocks only wastes room', async () => {
  const storage = await vdiOf('ab..')
  await setHeader(storage, { blocks_allocated: 4 })
  expect(codes(await check(storage))).toEqual(['leak leaked-blocks 2'])
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 2, after: { findings: [] } })
  expect((await readHeader(storage)).blocks_allocated).toBe(2)
})

test('a gap in the file is closed by its last blocks, and the file becomes shorter', async () => {
  const storage = await vdiOf('abcdef')
  await setEntry(storage, 1, FREE)
  await setEntry(storage, 2, FREE)
  const before = await storage.size()
  expect(codes(await check(storage))).toEqual(['leak leaked-blocks 2'])
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 2, after: { findings: [] } })
  expect(await storage.size()).toBe(before - 2 * BLOCK)
  expect(await lettersOf(storage)).toBe('a..def')
})

test('blocks that share a place get one each, with what they showed', async () => {
  const storage = await vdiOf('abc.')
  await setEntry(storage, 1, 0)
  await setEntry(storage, 3, 0)
  expect(codes(await check(storage))).toEqual(['error shared-block 1', 'error shared-block 1', 'leak leaked-blocks 1'])
  expect(await lettersOf(storage)).toBe('aaca')
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 2, after: { findings: [] } })
  expect(await lettersOf(storage)).toBe('aaca')
})

test('an image with shared blocks takes no new ones before it is repaired', async () => {
  const storage = await vdiOf('abc.')
  await setEntry(storage, 1, 0)
  await using layer = await vdiDriver.open(storage, new MemoryFolder(), 'write')
  await expect(layer.writer?.reserve(3 * BLOCK, BLOCK)).rejects.toMatchObject({
    code: 'invalid-image',
    message: expect.stringContaining('repair') as unknown,
  })
})

test.for([4, 5000, 0x7fff_ffff, 0xffff_fffd])(
  'an entry that leads past the end (%i) is an error that stays, and so does what it may have led to',
  async (place) => {
    const storage = await vdiOf('abcd')
    await setEntry(storage, 2, place)
    expect(codes(await check(storage))).toEqual(['error block-past-end 1', 'leak leaked-blocks 1'])
    await expect(lettersOf(storage)).rejects.toMatchObject({
      code: 'invalid-image',
      offset: expect.any(Number) as number,
    })
    const before = await storage.bytes()
    const { after, repaired } = await repair(storage)
    expect(repaired).toEqual([])
    expect(codes(after)).toEqual(['error block-past-end 1', 'leak leaked-blocks 1', 'note leaks-kept 1'])
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  },
)

test('what lies before and behind a damaged entry can still be read', async () => {
  const storage = await vdiOf('abcd')
  await setEntry(storage, 2, 77)
  await using layer = await vdiDriver.open(storage, new MemoryFolder(), 'read')
  expect(await layer.map(0, 4 * BLOCK)).toMatchObject([{ kind: 'data', length: 2 * BLOCK }])
  expect(await layer.map(3 * BLOCK, BLOCK)).toMatchObject([{ kind: 'data', length: BLOCK }])
  await expect(layer.map(2 * BLOCK, BLOCK)).rejects.toMatchObject({ code: 'invalid-image' })
})

test('an image with something in front of each block keeps that, and is read, written and tidied the same', async () => {
  const plain = await vdiOf('abcd')
  const storage = new MemoryStorage('disk.vdi', await plain.bytes())
  const { offset_data } = await readHeader(storage)
  const extra = 512
  await setHeader(storage, { block_extra: extra })
  for (const [place, letter] of Array.from('abcd').entries()) {
    const at = offset_data + place * (BLOCK + extra)
    await storage.write(at, Buffer.alloc(extra, letter.toUpperCase()))
    await storage.write(at + extra, Buffer.alloc(BLOCK, letter))
  }
  expect(codes(await check(storage))).toEqual([])
  expect(await lettersOf(storage)).toBe('abcd')
  await setEntry(storage, 1, FREE)
  expect(await repair(storage)).toMatchObject({ leaksFixed: 1, after: { findings: [] } })
  expect(await lettersOf(storage)).toBe('a.cd')
  const front = new Uint8Array(1)
  await storage.read(offset_data + BLOCK + extra, front)
  expect(String.fromCharCode(front[0] ?? 0)).toBe('D')
  {
    await using disk = await openDisk(storage, {
      drivers: [vdiDriver],
      gate: new MemoryFolder(),
      format: 'vdi',
      access: 'write',
    })
    await disk.write(0, Buffer.alloc(4 * BLOCK, 'x'))
  }
  expect(await lettersOf(storage)).toBe('xxxx')
  await storage.read(offset_data + BLOCK + extra, front)
  expect(String.fromCharCode(front[0] ?? 0)).toBe('D')
  expect(codes(await check(storage))).toEqual([])
})

test('data where the tables are is an error, and nothing is written to such an image', async () => {
  const storage = await vdiOf('abcd')
  await setHeader(storage, { offset_data: 0 })
  expect(codes(await check(storage))).toContain('error data-overlaps-tables 1')
  await using layer = await vdiDriver.open(storage, new MemoryFolder(), 'write')
  expect(layer).toMatchObject({ unwritable: { code: 'invalid-image', offset: HEADER.fields.offset_data.offset } })
  expect(layer.writer).toBeUndefined()
  expect((await repair(storage)).repaired).toEqual([])
})

test('QEMU finds a count wrong that Spindle puts right, and can undo', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'vdi')
  qemu.img('create', '-q', '-f', 'vdi', 'disk.vdi', '4M')
  qemu.io('disk.vdi', ['write -P 1 0 3M'])
  const path = join(qemu.folder, 'disk.vdi')
  {
    await using storage = await openFile(path, 'write')
    await setHeader(storage, { blocks_allocated: 1 })
  }
  expect(qemu.check('disk.vdi').corruptions).toBe(1)
  expect(await spindleHere('check', path)).toMatchObject({ code: 2 })
  expect(await spindleHere('check', '-r', 'all', '--keep-undo', path)).toMatchObject({ code: 0 })
  expect(qemu.check('disk.vdi').corruptions).toBe(0)
  expect(await spindleHere('undo', path)).toMatchObject({ code: 0 })
  expect(qemu.check('disk.vdi').corruptions).toBe(1)
})
