// What a check says of damaged QED images, what a repair makes of them, and the mark of a session that did not end well.

import { join } from 'node:path'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { qedDriver } from '../../core/formats/qed/driver.ts'
import { FEATURE } from '../../core/formats/qed/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../core/model/check.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { CLUSTER, DATA, L1, L2, lettersOf, qedOf, readHeader, setEntry, setHeader } from '../helpers/qed-bytes.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

async function check(storage: Storage): Promise<CheckReport> {
  const checker = await qedDriver.checker?.(storage)
  if (!checker) throw new Error('QED has no checker')
  return checker.check()
}

async function repair(storage: Storage, mode: RepairMode = 'all'): Promise<RepairReport> {
  const checker = await qedDriver.checker?.(storage)
  if (!checker) throw new Error('QED has no checker')
  return checker.repair(mode)
}

function codes({ findings }: CheckReport): readonly string[] {
  return findings.map(({ kind, code, count }) => `${kind} ${code} ${count}`)
}

async function open(storage: Storage): Promise<VirtualDisk> {
  return openDisk(storage, { drivers: [qedDriver], gate: new MemoryFolder(), format: 'qed', access: 'write' })
}

async function isMarked(storage: Storage): Promise<boolean> {
  return ((await readHeader(storage)).features & FEATURE.needCheck) !== 0n
}

/** QEMU’s count of the same image. */
async function byQemu(storage: MemoryStorage): Promise<{ readonly corruptions: number; readonly leaks: number }> {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'qed')
  writeFileSync(join(qemu.folder, 'disk.qed'), await storage.bytes())
  const { corruptions, leaks } = qemu.check('disk.qed')
  return { corruptions, leaks }
}

test('a sound image has nothing to tell, and a repair changes no byte of it', async () => {
  const storage = await qedOf('ab.d')
  const before = await storage.bytes()
  expect(await check(storage)).toMatchObject({
    findings: [],
    totals: { totalClusters: 4, allocatedClusters: 3, fragmentedClusters: 0, corruptions: 0, leaks: 0 },
  })
  expect((await repair(storage)).repaired).toEqual([])
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test('clusters that nothing leads to are freed: the last ones move there, and the file becomes shorter', async () => {
  const storage = await qedOf('abcdef')
  await setEntry(storage, L2, 1, 0)
  await setEntry(storage, L2, 2, 1)
  const before = await storage.size()
  expect(codes(await check(storage))).toEqual(['leak leaked-clusters 2'])
  expect(await byQemu(storage)).toEqual({ corruptions: 0, leaks: 2 })
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 2, after: { findings: [] } })
  expect(await storage.size()).toBe(before - 2 * CLUSTER)
  expect(await lettersOf(storage)).toBe('a..def')
  expect(await byQemu(storage)).toEqual({ corruptions: 0, leaks: 0 })
})

test('a table at the end of the file moves into a gap as well', async () => {
  const storage = new MemoryStorage('disk.qed')
  const options = { cluster_size: CLUSTER, table_size: 2 }
  const span = 1024 * CLUSTER
  const builder = await qedDriver.build(storage, { virtualSize: 3 * span, options }, new MemoryFolder())
  for (const [offset, letter] of [
    [0, 'a'],
    [CLUSTER, 'b'],
    [span, 'c'],
    [2 * span, 'd'],
  ] as const)
    await storage.write(builder.place(offset, CLUSTER), Buffer.alloc(CLUSTER, letter))
  await builder.finish()
  await setEntry(storage, L1, 0, 0)
  const before = await storage.size()
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 4, after: { findings: [] } })
  expect(await storage.size()).toBe(before - 4 * CLUSTER)
  await using disk = await open(storage)
  const bytes = Buffer.alloc(CLUSTER)
  await disk.read(2 * span, bytes)
  expect(bytes.equals(Buffer.alloc(CLUSTER, 'd'))).toBe(true)
})

test('what shares a cluster gets one of its own, with what it showed', async () => {
  const storage = await qedOf('abcd')
  await setEntry(storage, L2, 1, DATA)
  expect(codes(await check(storage))).toEqual(['error shared-cluster 1', 'leak leaked-clusters 1'])
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 1, leaksFixed: 1, after: { findings: [] } })
  expect(await lettersOf(storage)).toBe('aacd')
  expect(await byQemu(storage)).toEqual({ corruptions: 0, leaks: 0 })
})

test.for([CLUSTER, 3, DATA + 512, 40 * CLUSTER, 2n ** 40n, 2n ** 64n - 4096n])(
  'an entry that leads where nothing can be (%i) is an error that stays, and so does what it may have led to',
  async (entry) => {
    const storage = await qedOf('abcd')
    await setEntry(storage, L2, 2, entry)
    const found = entry === CLUSTER ? 'error shared-cluster 1' : 'error cluster-offset 1'
    expect(codes(await check(storage))).toEqual([found, 'leak leaked-clusters 1'])
    if (entry === CLUSTER) return
    await expect(lettersOf(storage)).rejects.toMatchObject({ code: 'invalid-image' })
    const before = await storage.bytes()
    const { after, repaired } = await repair(storage)
    expect(repaired).toEqual([])
    expect(codes(after)).toEqual([found, 'leak leaked-clusters 1', 'note leaks-kept 1'])
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  },
)

test.for([CLUSTER, 512, 80 * CLUSTER, 2n ** 63n])(
  'a table that is where none can be (%i) is an error',
  async (entry) => {
    const storage = await qedOf('abcd')
    await setEntry(storage, L1, 0, entry)
    const [first = ''] = codes(await check(storage))
    expect(first).toMatch(/^error (table-offset|shared-table) 1$/)
    expect((await repair(storage)).repaired).toEqual([])
  },
)

test('while clusters are given out the image is marked, and no longer when all went well', async () => {
  const storage = await qedOf('ab..')
  const disk = await open(storage)
  await disk.write(0, Buffer.alloc(CLUSTER, 'A'))
  expect(await isMarked(storage)).toBe(false)
  await disk.write(2 * CLUSTER, Buffer.alloc(CLUSTER, 'c'))
  expect(await isMarked(storage)).toBe(true)
  await disk.flush()
  expect(await isMarked(storage)).toBe(true)
  await disk.close()
  expect(await isMarked(storage)).toBe(false)
  expect(await lettersOf(storage)).toBe('Abc.')
  expect(codes(await check(storage))).toEqual([])
})

test('a session that was cut off leaves the mark, and the next one looks through the tables and frees what was lost', async () => {
  const storage = await qedOf('ab..')
  const before = await storage.size()
  await setHeader(storage, { features: FEATURE.needCheck })
  await storage.write(before, Buffer.alloc(3 * CLUSTER, 'x'))
  expect(codes(await check(storage))).toEqual(['leak leaked-clusters 3', 'note need-check 1'])
  {
    await using disk = await open(storage)
    await disk.write(2 * CLUSTER, Buffer.alloc(CLUSTER, 'c'))
  }
  expect(await isMarked(storage)).toBe(false)
  expect(await storage.size()).toBe(before + CLUSTER)
  expect(await lettersOf(storage)).toBe('abc.')
})

test('a marked image whose tables are damaged is opened for reading only', async () => {
  const storage = await qedOf('abcd')
  await setHeader(storage, { features: FEATURE.needCheck })
  await setEntry(storage, L2, 1, DATA)
  {
    await using disk = await open(storage)
    expect(disk.writable).toBe(false)
    await expect(disk.write(0, Buffer.alloc(512))).rejects.toMatchObject({
      code: 'invalid-image',
      message: expect.stringContaining('repair') as unknown,
    })
  }
  expect(await isMarked(storage)).toBe(true)
  expect((await repair(storage)).after.findings).toEqual([])
  expect(await isMarked(storage)).toBe(false)
  expect(await lettersOf(storage)).toBe('aacd')
})

test('the command tells of the mark and takes it off, and so does QEMU at its next write', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'qed')
  const path = join(qemu.folder, 'disk.qed')
  const marked = await qedOf('abcd')
  await setHeader(marked, { features: FEATURE.needCheck })
  const mark = async (): Promise<void> => writeFileSync(path, await marked.bytes())
  const isMarkedNow = (): boolean => readFileSync(path)[16] === Number(FEATURE.needCheck)
  await mark()
  expect((await spindleHere('info', path)).out).toContain('cleanly shut down: no')
  expect(await spindleHere('check', path)).toMatchObject({ code: 0 })
  expect(isMarkedNow()).toBe(true)
  expect(await spindleHere('check', '-r', 'leaks', path)).toMatchObject({ code: 0 })
  expect(isMarkedNow()).toBe(false)
  await mark()
  qemu.io('disk.qed', ['write 0 4k'])
  expect(isMarkedNow()).toBe(false)
})
