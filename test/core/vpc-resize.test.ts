// VHD images that become larger and smaller: what stays is the same, what is new is zeros, and QEMU agrees.

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vpcDriver } from '../../core/formats/vpc/driver.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import type { Preallocation } from '../../core/model/job.ts'
import { GiB, KiB, TiB } from '../../core/model/units.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { resizeImage } from '../../core/operations/resize-image.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { DiskModel, randomStep } from '../helpers/disk-model.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import type { Outcome } from '../helpers/spindle.ts'
import { BLOCK, ROOM, lettersOf, readHeader, vpcOf } from '../helpers/vpc-bytes.ts'

function opener(storage: MemoryStorage): () => Promise<VirtualDisk> {
  return () => openDisk(storage, { drivers: [vpcDriver], gate: new MemoryFolder(), format: 'vpc', access: 'write' })
}

async function resize(storage: MemoryStorage, virtualSize: number, how: Preallocation = 'off'): Promise<void> {
  await resizeImage({ virtualSize, preallocation: how, open: opener(storage), pace: () => undefined })
}

/** So that it can be taken back. */
async function resized(...words: readonly string[]): Promise<Outcome> {
  return spindleHere('resize', '-f', 'vpc', '--keep-undo', ...words)
}

async function findings(storage: MemoryStorage): Promise<unknown> {
  return (await (await vpcDriver.checker?.(storage))?.check())?.findings
}

test.for(seeds())('after any number of changes of its size it is sound and as it should be (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const storage = new MemoryStorage('disk.vhd')
  const block = random.pick([4 * KiB, 16 * KiB])
  const fixed = random.happens(0.3)
  let size = 512 * (1 + random.below(1000))
  const options = { block_size: block, subformat: fixed ? 'fixed' : 'dynamic' }
  await (await vpcDriver.build(storage, { virtualSize: size, options }, new MemoryFolder())).finish()
  let model = new DiskModel(size)
  for (let round = 0; round < 12; round += 1) {
    {
      await using disk = await opener(storage)()
      for (let step = 0; step < 15; step += 1) await model.apply(disk, randomStep(random, size, block))
    }
    const next = 512 * (1 + random.below(1500))
    if (next === size) continue
    await resize(storage, next, fixed && next > size ? random.pick(['off', 'falloc', 'full']) : 'off')
    const bytes = new Uint8Array(next)
    bytes.set(model.bytes.subarray(0, next))
    model = new DiskModel(next)
    model.bytes.set(bytes)
    size = next
    await using disk = await opener(storage)()
    expect(disk.size).toBe(size)
    expect(await model.difference(disk)).toBeUndefined()
    expect(await findings(storage)).toEqual([])
  }
})

test('a smaller disk gives the room of its blocks back, also from the middle of the file', async () => {
  const storage = await vpcOf('....')
  {
    await using disk = await opener(storage)()
    for (const [index, block] of [3, 0, 2, 1].entries())
      await disk.write(block * BLOCK, Buffer.alloc(BLOCK, 'abcd'[index]))
  }
  expect(await lettersOf(storage)).toBe('bdca')
  const before = await storage.size()
  await resize(storage, 2 * BLOCK)
  expect(await lettersOf(storage)).toBe('bd')
  expect(await storage.size()).toBe(before - 2 * ROOM)
  expect(await findings(storage)).toEqual([])
})

test('a block table that grew out of its place comes back when the disk is small again', async () => {
  const storage = await vpcOf('ab')
  const [size, { table_offset: first }] = [await storage.size(), await readHeader(storage)]
  await resize(storage, 300 * BLOCK)
  expect((await readHeader(storage)).table_offset).toBeGreaterThan(first)
  expect(await findings(storage)).toEqual([])
  await resize(storage, 2 * BLOCK)
  expect((await readHeader(storage)).table_offset).toBe(first)
  expect(await storage.size()).toBe(size)
  expect(await lettersOf(storage)).toBe('ab')
})

test.for([65 * TiB, 513])('a size it cannot have (%i) is refused before anything is written', async (size) => {
  for (const subformat of ['dynamic', 'fixed']) {
    const storage = await vpcOf('ab', { subformat })
    const before = await storage.bytes()
    await using disk = await opener(storage)()
    await expect(disk.top.resizer?.resize(size, 'off')).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(disk.top.resizer?.resize(3 * BLOCK, 'metadata')).rejects.toMatchObject({ code: 'unsupported' })
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  }
})

test.for(oracles())('QEMU $version reads what the command made larger and smaller', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'vpc')
  const path = join(qemu.folder, 'disk.vhd')
  qemu.img('create', '-q', '-f', 'vpc', 'disk.vhd', '4M')
  qemu.io('disk.vhd', ['write -P 4 3M 1M', 'write -P 1 0 1M', 'write -P 3 2M 512'])
  const full = Buffer.from(qemu.content('disk.vhd'))
  expect(await spindleHere('resize', path, '600G')).toMatchObject({ code: 0 })
  expect(qemu.json('info', '-f', 'vpc', 'disk.vhd')).toMatchObject({ 'virtual-size': 600 * GiB })
  qemu.io('disk.vhd', ['write -P 9 599G 4k'])
  {
    await using disk = await openSource(path, undefined, systemParts())
    const bytes = Buffer.alloc(4096)
    await disk.read(599 * GiB, bytes)
    expect(bytes.equals(Buffer.alloc(4096, 9))).toBe(true)
  }
  expect(await spindleHere('resize', '--shrink', path, '2621440')).toMatchObject({ code: 0 })
  expect(full.subarray(0, 2_621_440).equals(qemu.content('disk.vhd'))).toBe(true)
  expect(statSync(path).size).toBeLessThan(5 * 1024 * KiB)
  expect((await spindleHere('check', path)).code).toBe(0)
})

test.for(['dynamic', 'fixed'])(
  'while a %s disk that became smaller can be taken back, it is the smaller one',
  async (subformat) => {
    const folder = scratchFolder()
    const path = join(folder, 'disk.vhd')
    writeFileSync(path, await (await vpcOf('abcdef', { subformat })).bytes())
    const before = readFileSync(path)
    const read = async (): Promise<string> => {
      await using disk = await openSource(path, 'vpc', systemParts())
      const bytes = Buffer.alloc(disk.size)
      await disk.read(0, bytes)
      return `${disk.size}: ${bytes.toString().replaceAll(/(.)\1*/gs, '$1')}`
    }
    expect(await resized('--shrink', path, String(2 * BLOCK))).toMatchObject({ code: 0 })
    expect(await read()).toBe(`${2 * BLOCK}: ab`)
    expect((await spindleHere('check', '-f', 'vpc', path)).code).not.toBe(2)
    expect(await spindleHere('undo', path)).toMatchObject({ code: 0 })
    expect(readFileSync(path).equals(before)).toBe(true)

    expect(await resized(path, String(8 * BLOCK))).toMatchObject({ code: 0 })
    expect(await read()).toBe(`${8 * BLOCK}: abcdef\0`)
    expect(await spindleHere('undo', path)).toMatchObject({ code: 0 })
    expect(readFileSync(path).equals(before)).toBe(true)
  },
)
