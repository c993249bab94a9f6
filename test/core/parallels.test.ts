// Parallels images: read in both versions, checked, and repaired as far as no data is lost by it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parallelsDriver } from '../../core/formats/parallels/driver.ts'
import { HEADER, IN_USE, MAGIC } from '../../core/formats/parallels/layout.ts'
import type { HeaderFields } from '../../core/formats/parallels/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../core/model/check.ts'
import { KiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

const CLUSTER = 16 * KiB
const SECTOR = 512

interface Wanted {
  readonly header?: Partial<HeaderFields>
  /** In the steps of the format; where none is given, as the letters have it. */
  readonly entries?: Readonly<Record<number, number>>
  readonly isOld?: boolean
}

/** An image whose clusters hold the given letters in this order of places; '.' is none. */
function imageOf(letters: string, { header = {}, entries = {}, isOld = false }: Wanted = {}): MemoryStorage {
  const unit = isOld ? SECTOR : CLUSTER
  const fields = {
    magic: Buffer.from(isOld ? MAGIC.old : MAGIC.extended),
    version: 2,
    heads: 16,
    cylinders: 1,
    tracks: CLUSTER / SECTOR,
    bat_entries: letters.length,
    sectors: (letters.length * CLUSTER) / SECTOR,
    in_use: 0,
    data_offset: unit / SECTOR,
    flags: 0,
    extension_offset: 0,
    ...header,
  }
  const filled = Array.from(letters).filter((letter) => letter !== '.')
  const bytes = Buffer.alloc(unit + filled.length * CLUSTER)
  bytes.set(HEADER.encode(fields))
  let place = unit
  for (const [cluster, letter] of Array.from(letters).entries()) {
    if (letter !== '.') {
      bytes.writeUInt32LE(place / unit, HEADER.size + cluster * 4)
      bytes.fill(letter, place, place + CLUSTER)
      place += CLUSTER
    }
    const entry = entries[cluster]
    if (entry !== undefined) bytes.writeUInt32LE(entry, HEADER.size + cluster * 4)
  }
  return new MemoryStorage('disk.hds', bytes)
}

function imageElement(name: string): string {
  return `<Image><GUID>${name}</GUID><Type>Compressed</Type></Image>`
}

async function lettersOf(storage: MemoryStorage, gate = new MemoryFolder()): Promise<string> {
  await using disk = await openDisk(storage, { drivers: [parallelsDriver], gate, format: 'parallels', access: 'read' })
  let letters = ''
  for (let offset = 0; offset < disk.size; offset += CLUSTER) {
    const bytes = Buffer.alloc(Math.min(CLUSTER, disk.size - offset))
    await disk.read(offset, bytes)
    const [first = 0] = bytes
    letters += first === 0 ? '.' : String.fromCharCode(first)
  }
  return letters
}

async function check(storage: MemoryStorage): Promise<CheckReport> {
  const checker = await parallelsDriver.checker?.(storage)
  if (!checker) throw new Error('there is no checker')
  return checker.check()
}

async function repair(storage: MemoryStorage, mode: RepairMode = 'all'): Promise<RepairReport> {
  const checker = await parallelsDriver.checker?.(storage)
  if (!checker) throw new Error('there is no checker')
  return checker.repair(mode)
}

function codes({ findings }: CheckReport): readonly string[] {
  return findings.map(({ kind, code, count }) => `${kind} ${code} ${count}`)
}

test.for([false, true])('both versions are read (the old one: %s), and are sound', async (isOld) => {
  const storage = imageOf('ab.d', { isOld })
  expect(await lettersOf(storage)).toBe('ab.d')
  expect(await check(storage)).toMatchObject({ findings: [], totals: { totalClusters: 4, allocatedClusters: 3 } })
  const before = await storage.bytes()
  expect((await repair(storage)).repaired).toEqual([])
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test('the old version has 32 bits for the size, and anything beside them', async () => {
  const storage = imageOf('ab', { isOld: true, header: { sectors: 2 ** 40 + (2 * CLUSTER) / SECTOR } })
  expect(await lettersOf(storage)).toBe('ab')
})

test('an image that was not closed is read, told of, and is in order after a repair', async () => {
  const storage = imageOf('ab.d', { header: { in_use: IN_USE } })
  expect(await lettersOf(storage)).toBe('ab.d')
  await using layer = await parallelsDriver.open(storage, new MemoryFolder(), 'read')
  expect(await layer.describe()).toMatchObject({ dirty: true, warnings: [expect.stringContaining('not closed')] })
  expect(codes(await check(storage))).toEqual(['error not-closed 1'])
  expect(await repair(storage, 'leaks')).toMatchObject({ corruptionsFixed: 0 })
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
})

test('what nothing uses at the end is cut off, but not where an extension may use it', async () => {
  const storage = imageOf('abcd', { entries: { 2: 0, 3: 0 } })
  expect(codes(await check(storage))).toEqual(['leak leaked-clusters 2'])
  expect(await repair(storage, 'leaks')).toMatchObject({ leaksFixed: 2, after: { findings: [] } })
  expect(await storage.size()).toBe(3 * CLUSTER)
  expect(await lettersOf(storage)).toBe('ab..')
  const extended = imageOf('abcd', { entries: { 3: 0 }, header: { extension_offset: (4 * CLUSTER) / SECTOR } })
  expect(codes(await check(extended))).toEqual([])
})

test.for([false, true])('clusters that share a place get one each (the old version: %s)', async (isOld) => {
  const storage = imageOf('abc.', { isOld, entries: { 1: 1, 3: 1 } })
  expect(codes(await check(storage))).toEqual(['error clusters-overlap 1', 'error clusters-overlap 1'])
  expect(await lettersOf(storage)).toBe('aaca')
  expect(await repair(storage)).toMatchObject({ corruptionsFixed: 2, after: { findings: [] } })
  expect(await lettersOf(storage)).toBe('aaca')
})

test.for([1000, 0xffff_ffff, 5])('an entry that leads past the end (%i) is an error that stays', async (place) => {
  const storage = imageOf('abcd', { entries: { 3: place } })
  expect(codes(await check(storage))).toEqual(['error cluster-past-end 1', 'leak leaked-clusters 1'])
  await expect(lettersOf(storage)).rejects.toMatchObject({
    code: 'invalid-image',
    message: expect.stringContaining(`bytes from ${3 * CLUSTER} on`) as unknown,
  })
  const before = await storage.bytes()
  const { after, repaired } = await repair(storage)
  expect(repaired).toEqual([])
  expect(codes(after)).toEqual(['error cluster-past-end 1', 'leak leaked-clusters 1', 'note leaks-kept 1'])
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test('a cluster over the tables is an error', async () => {
  const storage = imageOf('abcd', { isOld: true, entries: { 3: 0, 0: 1 }, header: { data_offset: 32 } })
  expect(codes(await check(storage))[0]).toBe('error cluster-over-table 1')
})

test('QEMU counts the same faults, and finds none after the repair', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'parallels')
  const path = join(qemu.folder, 'disk.hds')
  const storage = imageOf('abcd.f', { entries: { 5: 0 }, header: { in_use: IN_USE } })
  writeFileSync(path, await storage.bytes())
  const { totals } = await check(storage)
  expect(qemu.check('disk.hds')).toMatchObject({ corruptions: totals.corruptions, leaks: totals.leaks })
  expect((await spindleHere('check', '-r', 'all', path)).code).toBe(0)
  expect(qemu.check('disk.hds')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  const content = Buffer.from(qemu.content('disk.hds'))
  expect(content.subarray(CLUSTER, 2 * CLUSTER).equals(Buffer.alloc(CLUSTER, 'b'))).toBe(true)
})

test('one file of a disk with snapshots is refused, not read as if it were all', async () => {
  const folder = join(scratchFolder(), 'disk.hdd')
  mkdirSync(folder)
  const path = join(folder, 'disk.0.{a}.hds')
  writeFileSync(path, await imageOf('ab').bytes())
  const descriptor = (...names: readonly string[]): void =>
    writeFileSync(join(folder, 'DiskDescriptor.xml'), `<Storage>${names.map(imageElement).join('')}</Storage>`)
  descriptor('{a}')
  expect((await spindleHere('convert', '-O', 'raw', path, join(folder, 'one.img'))).code).toBe(0)
  descriptor('{a}', '{b}')
  expect(await spindleHere('convert', '-O', 'raw', path, join(folder, 'two.img'))).toMatchObject({
    code: 1,
    error: expect.stringContaining('one of 2 files') as unknown,
  })
})

test('it cannot be written or made, and says so', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.hds')
  writeFileSync(path, await imageOf('ab').bytes())
  for (const words of [
    ['create', '-f', 'parallels', join(folder, 'new.hds'), '1M'],
    ['resize', path, '1M'],
  ]) {
    const { code, error } = await spindleHere(...words)
    expect({ code, error }).toMatchObject({ code: 1, error: expect.stringMatching(/parallels|Parallels/) as unknown })
  }
})
