// VHD: sizes, what makes a file one, and what is told of those that only may be one.

import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { vpcDriver } from '../../core/formats/vpc/driver.ts'
import { geometrySize } from '../../core/formats/vpc/geometry.ts'
import { GiB, KiB, MiB } from '../../core/model/units.ts'
import { createEngine } from '../../core/index.ts'
import { readVolume } from '../../core/library/volume.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { sampleDisk } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BLOCK, lettersOf, readFooter, setFooter, vpcOf } from '../helpers/vpc-bytes.ts'

test.for(seeds())('sizes of cylinders are those QEMU chooses (seed %i)', (seed) => {
  const random = randomFrom(seed)
  const qemu = new Qemu(newestOracle(), scratchFolder())
  const edges = [512, MiB, 500 * MiB, 504 * MiB, 8 * GiB, 127 * GiB, 128 * GiB, 2040 * GiB, 65_535 * 16 * 63 * 512]
  const sizes = [...edges, ...Array.from({ length: 12 }, () => 512 * (1 + random.below(2 ** (4 + random.below(28)))))]
  for (const size of sizes) {
    qemu.img('create', '-q', '-f', 'vpc', 'size.vhd', String(size))
    const { 'virtual-size': theirs } = qemu.json('info', '-f', 'vpc', 'size.vhd') as { 'virtual-size': number }
    expect(geometrySize(size), `for ${size}`).toBe(theirs)
  }
})

test.for(oracles())('the exact size is what QEMU $version reads, whoever else counts cylinders', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'vpc')
  for (const [words, size] of [
    [[], 10 * MiB + 512],
    [['-o', 'subformat=fixed'], 3 * MiB],
    [['-o', 'force_size=off'], geometrySize(10 * MiB)],
    [['-o', 'subformat=fixed,force_size=off'], geometrySize(10 * MiB)],
  ] as const) {
    const path = join(qemu.folder, `${size}.vhd`)
    const asked = words.some((word) => word.includes('off')) ? 10 * MiB : size
    expect((await spindleHere('create', '--force', '-f', 'vpc', ...words, path, String(asked))).code).toBe(0)
    expect(qemu.json('info', '-f', 'vpc', `${size}.vhd`)).toMatchObject({ 'virtual-size': size })
  }
})

test('a disk of more than 2040 GiB is refused before anything is written', async () => {
  const path = join(scratchFolder(), 'large.vhd')
  const { code, error } = await spindleHere('create', '-f', 'vpc', path, '2041G')
  expect({ code, error }).toMatchObject({ code: 1, error: expect.stringContaining('2040 GiB') as unknown })
})

test('a fixed one may be larger, as Azure takes them', async () => {
  const path = join(scratchFolder(), 'large.vhd')
  const made = await spindleHere('create', '-f', 'vpc', '-o', 'subformat=fixed', path, '4095G')
  expect(made).toMatchObject({ code: 0, error: '' })
  const told = await spindleHere('info', '-f', 'vpc', '--output=json', path)
  expect(JSON.parse(told.out)).toMatchObject({ 'virtual-size': 4095 * GiB })
})

test.for(['dynamic', 'fixed'])('the file of a %s copy is as long as it was foretold', async (subformat) => {
  const folder = scratchFolder()
  const [source, target] = [join(folder, 'disk.img'), join(folder, 'disk.vhd')]
  sampleDisk(source, 24 * MiB)
  const options = ['-o', `subformat=${subformat}`]
  const foretold = await spindleHere('measure', '-O', 'vpc', ...options, '--output=json', source)
  expect((await spindleHere('convert', '-O', 'vpc', ...options, source, target)).code).toBe(0)
  // Zeros that were written count as data before they are looked at.
  const { required } = JSON.parse(foretold.out) as { required: number }
  const written = statSync(target).size
  expect(written).toBeLessThanOrEqual(required)
  const exact = await spindleHere('measure', '-O', 'vpc', ...options, '--output=json', '-f', 'vpc', target)
  expect(JSON.parse(exact.out)).toMatchObject({ required: written })
  expect((await spindleHere('compare', '-F', 'vpc', source, target)).code).toBe(0)
})

test('a fixed VHD is taken for a raw disk, with a warning, until its format is stated', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'fixed.vhd')
  await spindleHere('create', '-f', 'vpc', '-o', 'subformat=fixed', path, '1M')
  const guessed = await spindleHere('info', path)
  expect(guessed.out).toContain('file format: raw')
  expect(guessed.error).toContain('it ends as a VHD does')
  const stated = await spindleHere('info', '-f', 'vpc', path)
  expect(stated).toMatchObject({ error: '', out: expect.stringContaining('(1048576 bytes)') as unknown })

  const copy = await spindleHere('convert', '-O', 'raw', path, join(folder, 'with-footer.img'))
  expect(copy).toMatchObject({ code: 0, error: expect.stringContaining('say that its format is vpc') as unknown })
  expect(statSync(join(folder, 'with-footer.img')).size).toBe(MiB + 512)
  const right = await spindleHere('convert', '-f', 'vpc', '-O', 'raw', path, join(folder, 'disk.img'))
  expect(right).toMatchObject({ code: 0, error: '' })
  expect(statSync(join(folder, 'disk.img')).size).toBe(MiB)
})

test.for([
  ['disk.vhd', 'vpc', MiB],
  ['disk.img', 'raw', MiB + 512],
] as const)('the window takes a fixed VHD called %s for %s', async ([name, format, virtualSize]) => {
  const folder = scratchFolder()
  const path = join(folder, name)
  await spindleHere('create', '-f', 'vpc', '-o', 'subformat=fixed', path, '1M')
  const engine = createEngine({ emit: () => {} })
  const facts = await engine.inspect(path)
  const plan = await engine.planResize({ kind: 'resize', path, virtualSize: MiB, preallocation: 'off', shrink: true })
  await engine.close()
  expect(facts).toMatchObject([{ format, virtualSize }])
  expect(plan).toMatchObject({ format, virtualSize })

  const row = await readVolume({ path, place: folder, name, stats: statSync(path), chosen: false }, drivers)
  expect(row).toMatchObject({ format, virtualSize })
})

test('an ordinary raw disk is not suspected of anything', async () => {
  const path = join(scratchFolder(), 'disk.img')
  writeFileSync(path, new Uint8Array(MiB))
  expect(await spindleHere('info', path)).toMatchObject({ code: 0, error: '' })
})

test('a dynamic VHD is known by the copy of its footer, and without it by its last sector and its header', async () => {
  const storage = await vpcOf('ab')
  const probe = async (): Promise<number> => {
    const bytes = await storage.bytes()
    return vpcDriver.probe(bytes.slice(0, 4096), bytes.slice(-4096), bytes.length)
  }
  expect(await probe()).toBe(100)
  await storage.zero(0, 512)
  expect(await probe()).toBe(90)
})

test.for([
  ['qemu', true],
  ['vpc ', true],
  ['vs  ', true],
  ['win ', false],
  ['qem2', false],
  ['d2v ', false],
  ['tap\0', false],
] as const)('a disk made by “%s” is as large as its cylinders: %s', async ([creator, byCylinders]) => {
  const storage = await vpcOf('abcd')
  await setFooter(storage, {
    creator_application: Buffer.from(creator),
    cylinders: 3,
    heads: 4,
    sectors_per_track: 17,
  })
  await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'read')
  expect(layer.virtualSize).toBe(byCylinders ? 3 * 4 * 17 * 512 : 4 * BLOCK)
  await setFooter(storage, { cylinders: 65_535, heads: 16, sectors_per_track: 255 })
  await using largest = await vpcDriver.open(storage, new MemoryFolder(), 'read')
  expect(largest.virtualSize).toBe(4 * BLOCK)
})

test('a footer of 511 bytes, as Virtual PC wrote it before 2004, is one', async () => {
  const storage = await vpcOf('ab', { subformat: 'fixed' })
  await storage.truncate((await storage.size()) - 1)
  expect(await lettersOf(storage)).toBe('ab')
})

test('every image has an identity of its own', async () => {
  const [one, other] = [await readFooter(await vpcOf('a')), await readFooter(await vpcOf('a'))]
  expect(Buffer.from(one.unique_id).equals(other.unique_id)).toBe(false)
  expect(one.unique_id.some((byte) => byte !== 0)).toBe(true)
})

test('a small write takes no more of the disk than itself, though its block is 2 MiB large', async () => {
  const storage = new MemoryStorage('disk.vhd')
  await (await vpcDriver.build(storage, { virtualSize: 16 * MiB, options: {} }, new MemoryFolder())).finish()
  await using layer = await vpcDriver.open(storage, new MemoryFolder(), 'write')
  const room = await layer.writer?.reserve(5 * MiB, 4 * KiB)
  if (!room) throw new Error('there is no room')
  await room.storage.write(room.offset, new Uint8Array(room.length).fill(7))
  await room.link()
  await layer.writer?.flush()
  expect(room.length).toBe(4 * KiB)
  expect(await storage.allocatedSize()).toBeLessThan(32 * KiB)
})
