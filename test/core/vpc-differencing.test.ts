// Differencing VHD images: parents found by their names, known by their identity, and shining through sector by sector.

import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vpcDriver } from '../../core/formats/vpc/driver.ts'
import { uuidText } from '../../core/formats/vpc/footer.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { Access } from '../../core/image/driver.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { openFile } from '../../core/storage/file.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { DiskModel, randomStep } from '../helpers/disk-model.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { MemoryFolder, readOnly } from '../helpers/memory-gate.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { SECTOR, SectorHistory, stamps } from '../helpers/sector-history.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BLOCK, differencingOf, readFooter, utf16, vpcOf } from '../helpers/vpc-bytes.ts'

const SIZE = 4 * BLOCK

/** A parent in memory that holds `content`, and a differencing disk without data on top of it. */
async function pair(content: Uint8Array, options = {}): Promise<{ folder: MemoryFolder; child: MemoryStorage }> {
  const folder = new MemoryFolder()
  const parent = folder.add('parent.vhd')
  const spec = { virtualSize: content.length, options: { block_size: BLOCK, ...options } }
  const builder = await vpcDriver.build(parent, spec, folder)
  for (let offset = 0; offset < content.length; offset += BLOCK)
    await parent.write(builder.place(offset, BLOCK), content.subarray(offset, offset + BLOCK))
  await builder.finish()
  const { unique_id: uniqueId } = await readFooter(parent)
  const child = await differencingOf(SIZE, { uniqueId, locators: { W2ru: utf16('.\\parent.vhd') } })
  return { folder, child }
}

function open(folder: MemoryFolder, child: MemoryStorage | RecordingStorage, access: Access): Promise<VirtualDisk> {
  const storage = access === 'write' ? child : readOnly(child)
  return openDisk(storage, { drivers: [vpcDriver], gate: folder, format: 'vpc', access })
}

test.for(seeds())('random work on it equals a flat array, and leaves the parent alone (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const content = random.bytes(SIZE)
  const { folder, child } = await pair(content, { subformat: random.pick(['dynamic', 'fixed']) })
  const before = await folder.file('parent.vhd').bytes()
  const model = new DiskModel(SIZE, content)
  for (let session = 0; session < 3; session += 1) {
    await using disk = await open(folder, child, 'write')
    expect(disk.writable).toBe(true)
    for (let step = 0; step < 60; step += 1) await model.apply(disk, randomStep(random, SIZE, BLOCK))
    expect(await model.difference(disk)).toBeUndefined()
  }
  await using disk = await open(folder, child, 'read')
  expect(await model.difference(disk)).toBeUndefined()
  expect(Buffer.compare(await folder.file('parent.vhd').bytes(), before)).toBe(0)
  const checker = await vpcDriver.checker?.(child)
  expect((await checker?.check())?.findings).toEqual([])
})

test.for(seeds())('a crash loses nothing that was flushed, and leaks at worst (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const { folder, child } = await pair(stamps(0, 0, SIZE / SECTOR))
  const recording = await RecordingStorage.over(child)
  const history = new SectorHistory(SIZE / SECTOR, SIZE / SECTOR, () => recording.log.length)
  const disk = await open(folder, recording, 'write')
  for (let step = 0; step < 40; step += 1) {
    const sector = random.below(SIZE / SECTOR)
    const count = Math.min(SIZE / SECTOR - sector, 1 + random.below(200))
    const chance = random.below(10)
    if (chance < 6) await history.write(disk, sector, count)
    else if (chance < 7) await history.zero(disk, sector, count, random.happens(0.5))
    else if (chance < 8) await history.discard(disk, sector, count)
    else await history.flush(disk)
  }
  await history.flush(disk)
  await disk.close()
  for await (const { storage, issued, description } of recording.crashStates({ seed, limit: 60 })) {
    await using crashed = await open(folder, storage, 'read')
    expect(await history.fault(crashed, issued), description).toBeUndefined()
    const report = await (await vpcDriver.checker?.(storage))?.check()
    expect(report?.totals, description).toMatchObject({ corruptions: 0, checkErrors: 0 })
  }
})

const identity = new Uint8Array(16).fill(7)

test.for([
  ['relative, as Hyper-V writes it', { W2ru: utf16('.\\base\\parent.vhd') }, '', ['base/parent.vhd', 'parent.vhd']],
  ['absolute on another machine', { W2ku: utf16('C:\\Disks\\My parent.vhd') }, '', ['My parent.vhd']],
  [
    'absolute, as VirtualBox writes it here',
    { W2ku: utf16('/disks/parent.vhd') },
    '',
    ['/disks/parent.vhd', 'parent.vhd'],
  ],
  ['on a server', { W2ku: utf16('\\\\server\\share\\parent.vhd') }, '', ['parent.vhd']],
  ['as XenServer writes it', { MacX: Buffer.from('file://./parent%20one.vhd') }, '', ['parent one.vhd']],
  ['an absolute URL', { MacX: Buffer.from('file:///disks/100%.vhd') }, '', ['/disks/100%.vhd', '100%.vhd']],
  ['in the header alone', {}, 'D:\\parent.vhd', ['parent.vhd']],
  ['with a colon of its own', { W2ru: utf16('json:one.vhd') }, '', ['./json:one.vhd']],
  ['nowhere', {}, '', []],
] as const)('a parent named %s', async ([, locators, name, names]) => {
  const child = await differencingOf(SIZE, { uniqueId: identity, locators, name })
  await using layer = await vpcDriver.open(child, new MemoryFolder(), 'read')
  const { path, alternatives = [], format, identity: stated } = layer.backing ?? { path: 'none' }
  const all = [path, ...alternatives]
  expect(all.at(-1)).toBe(`uuid:${uuidText(identity)}`)
  for (const one of names) expect(all).toContain(one)
  expect(all[0]).toBe(names[0] ?? all.at(-1))
  expect({ format, stated }).toEqual({ format: 'vpc', stated: uuidText(identity) })
})

test('the parent is found by name, by identity when it was renamed, and its absence is no zeros', async () => {
  const folder = scratchFolder()
  const parent = await vpcOf('abcd', { subformat: 'fixed' })
  const { unique_id: uniqueId } = await readFooter(parent)
  const child = await differencingOf(SIZE, { uniqueId, locators: { W2ku: utf16('E:\\vm\\parent.vhd') } })
  writeFileSync(join(folder, 'parent.vhd'), await parent.bytes())
  const path = join(folder, 'child.vhd')
  writeFileSync(path, await child.bytes())
  const first = async (): Promise<string> => {
    await using disk = await openSource(path, undefined, systemParts())
    const byte = Buffer.alloc(1)
    await disk.read(3 * BLOCK, byte)
    return byte.toString()
  }
  expect(await first()).toBe('d')
  renameSync(join(folder, 'parent.vhd'), join(folder, 'renamed.vhd'))
  expect(await first()).toBe('d')
  mkdirSync(join(folder, 'away', 'far'), { recursive: true })
  renameSync(join(folder, 'renamed.vhd'), join(folder, 'away', 'far', 'renamed.vhd'))
  await expect(first()).rejects.toMatchObject({
    code: 'missing-file',
    message: expect.stringContaining('parent.vhd') as unknown,
  })
  const told = await spindleHere('info', path)
  expect(told.out).toContain('backing file: parent.vhd')
  expect((await spindleHere('convert', '-O', 'raw', path, join(folder, 'out.img'))).code).toBe(1)
})

test('another disk by the name of the parent is refused', async () => {
  const folder = new MemoryFolder()
  folder.add('parent.vhd', await (await vpcOf('abcd')).bytes())
  const child = await differencingOf(SIZE, { uniqueId: identity, locators: { W2ru: utf16('parent.vhd') } })
  await expect(open(folder, child, 'read')).rejects.toMatchObject({
    code: 'invalid-image',
    message: expect.stringContaining(uuidText(identity)) as unknown,
  })
})

test('what was changed can be committed to the parent, and the disk reads the same', async () => {
  const folder = scratchFolder()
  const parent = await vpcOf('abcd')
  const { unique_id: uniqueId } = await readFooter(parent)
  const child = await differencingOf(SIZE, { uniqueId, locators: { W2ru: utf16('.\\parent.vhd') } })
  const [above, below] = [join(folder, 'child.vhd'), join(folder, 'parent.vhd')]
  writeFileSync(below, await parent.bytes())
  writeFileSync(above, await child.bytes())
  const empty = statSync(above).size
  const read = async (path: string): Promise<Buffer> => {
    await using disk = await openSource(path, 'vpc', systemParts())
    const bytes = Buffer.alloc(SIZE)
    await disk.read(0, bytes)
    return bytes
  }
  {
    await using storage = await openFile(above, 'write')
    await using disk = await openDisk(storage, { ...systemParts(), format: 'vpc', access: 'write' })
    await disk.write(BLOCK + 700, Buffer.alloc(5000, 'x'))
  }
  const content = await read(above)
  expect(await spindleHere('commit', above)).toMatchObject({ code: 0, error: '' })
  expect((await read(above)).equals(content)).toBe(true)
  expect((await read(below)).equals(content)).toBe(true)
  expect(statSync(above).size).toBeLessThanOrEqual(empty)
  for (const path of [above, below]) expect((await spindleHere('check', path)).code).toBe(0)
})
