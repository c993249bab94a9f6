// Differencing VHDX images: read and written sector by sector over their parent, which is found and proves who it is.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { BLOCK as STATE } from '../../core/formats/vhdx/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { Access } from '../../core/image/driver.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { resizeImage } from '../../core/operations/resize-image.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import { DiskModel, randomStep } from '../helpers/disk-model.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { MemoryFolder, readOnly } from '../helpers/memory-gate.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { SECTOR, SectorHistory } from '../helpers/sector-history.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BLOCK, DATA, headerOf, setEntry, setParent, vhdxOf } from '../helpers/vhdx-bytes.ts'

/** The entry of the first bitmap, with blocks of 1 MiB and sectors of 512 bytes. */
const BITMAP_INDEX = 4096
const BITMAP = DATA + 16 * BLOCK

interface Pair {
  readonly folder: MemoryFolder
  readonly parent: MemoryStorage
  readonly child: MemoryStorage
}

/** A child called `disk` of a parent called `base.vhdx`. */
async function pair(letters: { child: string; parent: string }, texts = {}, options = {}): Promise<Pair> {
  const folder = new MemoryFolder()
  const [parent, child] = await Promise.all(
    [letters.parent, letters.child].map(async (text) => vhdxOf(text, { block_state_zero: false, ...options })),
  )
  if (!parent || !child) throw new Error('there are two')
  const { data_write_guid } = await headerOf(parent)
  await setParent(child, {
    parent_linkage: `{${data_write_guid.toUpperCase()}}`,
    relative_path: '.\\base.vhdx',
    ...texts,
  })
  folder.files.set('base.vhdx', parent)
  folder.files.set('disk', child)
  return { folder, parent, child }
}

async function open({ folder, child }: Pair, access: Access = 'read'): Promise<VirtualDisk> {
  return openDisk(child, { drivers: [vhdxDriver], gate: folder, format: 'vhdx', access })
}

async function content(images: Pair): Promise<Buffer> {
  await using disk = await open(images)
  const bytes = Buffer.alloc(disk.size)
  await disk.read(0, bytes)
  return bytes
}

async function firstLetters(images: Pair): Promise<string> {
  const bytes = await content(images)
  return Array.from({ length: bytes.length / BLOCK }, (_, block) => {
    const byte = bytes[block * BLOCK] ?? 0
    return byte === 0 ? '.' : String.fromCharCode(byte)
  }).join('')
}

async function codes({ child }: Pair): Promise<readonly string[]> {
  const report = await (await vhdxDriver.checker?.(child))?.check()
  return report?.findings.map(({ code }) => code) ?? []
}

test('what is not in it is its parent’s, also past the parent’s last block', async () => {
  const images = await pair({ child: 'A..D', parent: 'ab.' })
  expect(await firstLetters(images)).toBe('Ab.D')
  expect(await codes(images)).toEqual([])
})

test('zeros of its own hide the parent', async () => {
  const images = await pair({ child: '....', parent: 'abcd' })
  await setEntry(images.child, 0, STATE.zero, 0)
  await setEntry(images.child, 2, STATE.unmapped, 0)
  expect(await firstLetters(images)).toBe('.b.d')
})

test.for(seeds().flatMap((seed) => [512, 4 * KiB].map((sector) => [seed, sector] as const)))(
  'of a block that is partly there, each sector is where its bit says (seed %i, sectors of %i bytes)',
  async ([seed, sector]) => {
    const random = randomFrom(seed)
    const images = await pair({ child: 'AB', parent: 'ab' }, {}, { logical_sector_size: sector })
    const sectors = BLOCK / sector
    const bits = new Uint8Array(MiB)
    const wanted = Buffer.concat([Buffer.alloc(BLOCK, 'A'), Buffer.alloc(BLOCK, 'b')])
    for (let at = 0; at < sectors;) {
      const run = Math.min(sectors - at, 1 + random.below(40))
      if (random.happens(0.5)) {
        wanted.fill('B', BLOCK + at * sector, BLOCK + (at + run) * sector)
        for (let bit = sectors + at; bit < sectors + at + run; bit += 1)
          bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7))
      }
      at += run
    }
    const index = (2 ** 23 * sector) / BLOCK
    await images.child.write(BITMAP, bits)
    await setEntry(images.child, index, STATE.present, BITMAP)
    await setEntry(images.child, 1, STATE.partial, DATA + BLOCK)
    expect(Buffer.compare(await content(images), wanted)).toBe(0)
    await using disk = await open(images)
    for (let count = 0; count < 50; count += 1) {
      const offset = random.below(2 * BLOCK - 10_000)
      const part = Buffer.alloc(1 + random.below(10_000))
      await disk.read(offset, part)
      expect(Buffer.compare(part, wanted.subarray(offset, offset + part.length))).toBe(0)
    }
    expect(await codes(images)).toEqual([])
  },
)

test('a block that is partly there is not read without its bitmap', async () => {
  const images = await pair({ child: 'AB', parent: 'ab' })
  await setEntry(images.child, 1, STATE.partial, DATA + BLOCK)
  await expect(content(images)).rejects.toMatchObject({ code: 'invalid-image' })
  expect(await codes(images)).toEqual(['bitmap-missing'])
  await setEntry(images.child, BITMAP_INDEX, STATE.present, DATA)
  expect(await codes(images)).toEqual(['blocks-overlap'])
})

test.for(seeds().flatMap((seed) => [512, 4 * KiB].map((sector) => [seed, sector] as const)))(
  'written at random, it reads as it should, and its parent stays as it was (seed %i, sectors of %i bytes)',
  async ([seed, sector]) => {
    const random = randomFrom(seed)
    const images = await pair({ child: '.B..', parent: 'abc.' }, {}, { logical_sector_size: sector })
    const before = await images.parent.bytes()
    const model = new DiskModel(4 * BLOCK, await content(images))
    model.below.set(Buffer.concat(Array.from('abc\0', (letter) => Buffer.alloc(BLOCK, letter))))
    for (let session = 0; session < 4; session += 1) {
      await using disk = await open(images, 'write')
      for (let step = 0; step < 30; step += 1) {
        const unit = random.pick([BLOCK, 64 * KiB])
        await model.apply(disk, randomStep(random, 4 * BLOCK, unit))
      }
      expect(await model.difference(disk)).toBeUndefined()
    }
    await using disk = await open(images)
    expect(await model.difference(disk)).toBeUndefined()
    expect(await codes(images)).toEqual([])
    expect(Buffer.compare(await images.parent.bytes(), before)).toBe(0)
  },
)

test.for(seeds())('a crash while it is written loses nothing that was flushed (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const images = await pair({ child: '...', parent: '...' })
  const recording = await RecordingStorage.over(images.child)
  const sectors = (3 * BLOCK) / SECTOR
  const history = new SectorHistory(sectors, 0, () => recording.log.length)
  const how = { drivers: [vhdxDriver], gate: images.folder, format: 'vhdx' }
  const step = async (disk: VirtualDisk, work: SectorHistory): Promise<void> => {
    const sector = random.below(sectors)
    const count = Math.min(sectors - sector, random.pick([1, 8, 100, 2048]))
    const chance = random.below(10)
    if (chance < 6) await work.write(disk, sector, count)
    else if (chance < 7) await work.zero(disk, sector, count, random.happens(0.5))
    else if (chance < 8) await work.discard(disk, sector, count)
    else await work.flush(disk)
  }
  {
    await using disk = await openDisk(recording, { ...how, access: 'write' })
    for (let count = 0; count < 30; count += 1) await step(disk, history)
    await history.flush(disk)
  }
  for await (const { storage, issued, description } of recording.crashStates({ seed, limit: 40 })) {
    {
      await using crashed = await openDisk(readOnly(storage), { ...how, access: 'read' })
      expect(await history.fault(crashed, issued), description).toBeUndefined()
    }
    {
      await using disk = await openDisk(storage, { ...how, access: 'write' })
      const more = new SectorHistory(sectors, 0, () => 0)
      for (let count = 0; count < 6; count += 1) await step(disk, more)
    }
    const report = await (await vhdxDriver.checker?.(storage))?.check()
    expect(report?.totals.corruptions, description).toBe(0)
  }
})

test('a small write into it moves a sector, not a block', async () => {
  const images = await pair({ child: '.', parent: 'a' }, {}, { block_size: 64 * MiB })
  const before = await images.child.allocatedSize()
  {
    await using disk = await open(images, 'write')
    await disk.write(100_000, Uint8Array.of(7))
  }
  expect((await images.child.allocatedSize()) - before).toBeLessThan(64 * KiB)
  const bytes = await content(images)
  expect(bytes[100_000]).toBe(7)
  bytes[100_000] = 97
  expect(bytes.equals(Buffer.alloc(BLOCK, 'a'))).toBe(true)
})

test('it becomes larger and smaller, and never shows what its parent has beyond its end', async () => {
  const images = await pair({ child: '.B', parent: 'abcd' })
  const resize = (virtualSize: number) =>
    resizeImage({ virtualSize, preallocation: 'off', open: () => open(images, 'write'), pace: () => undefined })
  expect(await firstLetters(images)).toBe('aB')
  await resize(4 * BLOCK)
  expect(await firstLetters(images)).toBe('aB..')
  await resize(BLOCK)
  await resize(2 * BLOCK)
  expect(await firstLetters(images)).toBe('a.')
  expect(await codes(images)).toEqual([])
})

test('a parent that was written since is not taken for the one that is meant', async () => {
  const images = await pair({ child: 'A.', parent: 'ab' })
  {
    const how = { drivers: [vhdxDriver], gate: images.folder, format: 'vhdx', access: 'write' } as const
    await using disk = await openDisk(images.parent, how)
    await disk.write(0, Uint8Array.of(1))
  }
  await expect(open(images)).rejects.toMatchObject({ code: 'invalid-image' })
})

test('without its parent it is refused, and never read as zeros', async () => {
  const images = await pair({ child: 'A.', parent: 'ab' })
  images.folder.files.delete('base.vhdx')
  await expect(open(images)).rejects.toMatchObject({ code: 'missing-file' })
})

test.for([
  ['a relative Windows path', { relative_path: '.\\base.vhdx' }, 'base.vhdx'],
  ['a path into another folder', { relative_path: '..\\machine\\base.vhdx' }, '../machine/base.vhdx'],
  ['an absolute path alone', { relative_path: '', absolute_win32_path: 'C:\\VMs\\base.vhdx' }, 'base.vhdx'],
  ['a volume path alone', { relative_path: '', volume_path: '\\\\?\\Volume{26A2}\\VMs\\base.vhdx' }, 'base.vhdx'],
  ['a drive in the relative path', { relative_path: 'D:\\other\\base.vhdx' }, 'base.vhdx'],
  ['a name that looks like a protocol', { relative_path: '.\\nbd:host' }, './nbd:host'],
  [
    'an absolute path of another system',
    { relative_path: '', absolute_win32_path: '/disks/base.vhdx' },
    '/disks/base.vhdx',
  ],
] as const)('%s is followed as a file here', async ([, texts, path]) => {
  const images = await pair({ child: 'A', parent: 'a' }, texts)
  const { data_write_guid } = await headerOf(images.parent)
  await using layer = await vhdxDriver.open(images.child, images.folder, 'read')
  expect(layer.backing).toMatchObject({ path, format: 'vhdx', identity: data_write_guid })
  expect(layer.backing?.alternatives?.at(-1)).toBe(`uuid:${data_write_guid}`)
})

test('no path at all leaves the GUID to be looked for', async () => {
  const images = await pair({ child: 'A', parent: 'a' }, { relative_path: '' })
  const { data_write_guid } = await headerOf(images.parent)
  await using layer = await vhdxDriver.open(images.child, images.folder, 'read')
  expect(layer.backing?.path).toBe(`uuid:${data_write_guid}`)
})

test('a chain of files is read from one folder, by a name the parent no longer has, and flattened', async () => {
  const folder = scratchFolder()
  const images = await pair({ child: 'A..D', parent: 'abcd' }, { relative_path: '.\\old-name.vhdx' })
  mkdirSync(join(folder, 'vm'))
  const child = join(folder, 'vm', 'child_7B2F.avhdx')
  writeFileSync(child, await images.child.bytes())
  writeFileSync(join(folder, 'vm', 'renamed.vhdx'), await images.parent.bytes())
  const flat = join(folder, 'flat.raw')
  expect(await spindleHere('convert', '-O', 'raw', child, flat)).toMatchObject({ code: 0 })
  const bytes = readFileSync(flat)
  expect([0, 1, 2, 3].map((block) => String.fromCharCode(bytes[block * BLOCK] ?? 0)).join('')).toBe('AbcD')
})
