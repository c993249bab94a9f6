// VDI images that become larger and smaller: what stays is the same, what is new is zeros, and QEMU agrees.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vdiDriver } from '../../core/formats/vdi/driver.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import type { Preallocation } from '../../core/model/job.ts'
import { GiB, KiB, MiB, TiB } from '../../core/model/units.ts'
import { resizeImage } from '../../core/operations/resize-image.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { DiskModel, randomStep } from '../helpers/disk-model.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BLOCK, lettersOf, readHeader, vdiOf } from '../helpers/vdi-bytes.ts'

function opener(storage: MemoryStorage): () => Promise<VirtualDisk> {
  const drivers = [vdiDriver]
  return () => openDisk(storage, { drivers, gate: new MemoryFolder(), format: 'vdi', access: 'write' })
}

async function resize(
  storage: MemoryStorage,
  virtualSize: number,
  preallocation: Preallocation = 'off',
): Promise<void> {
  await resizeImage({ virtualSize, preallocation, open: opener(storage), pace: () => undefined })
}

async function findings(storage: MemoryStorage): Promise<unknown> {
  return (await (await vdiDriver.checker?.(storage))?.check())?.findings
}

test.for(seeds())('after any number of changes of its size it is sound and as it should be (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const storage = new MemoryStorage('disk.vdi')
  const block = random.pick([4 * KiB, 16 * KiB])
  let size = 512 * (1 + random.below(1000))
  const options = { cluster_size: block, static: random.happens(0.3) }
  await (await vdiDriver.build(storage, { virtualSize: size, options }, new MemoryFolder())).finish()
  let model = new DiskModel(size)
  for (let round = 0; round < 12; round += 1) {
    {
      await using disk = await opener(storage)()
      for (let step = 0; step < 15; step += 1) await model.apply(disk, randomStep(random, size, block))
    }
    const next = 512 * (1 + random.below(1500))
    if (next === size) continue
    await resize(storage, next, next > size ? random.pick(['off', 'off', 'metadata', 'falloc', 'full']) : 'off')
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
  const storage = await vdiOf('....')
  {
    await using disk = await opener(storage)()
    for (const [index, block] of [3, 0, 2, 1].entries())
      await disk.write(block * BLOCK, Buffer.alloc(BLOCK, 'abcd'[index]))
  }
  expect(await lettersOf(storage)).toBe('bdca')
  const before = await storage.size()
  await resize(storage, 2 * BLOCK)
  expect(await lettersOf(storage)).toBe('bd')
  expect(await storage.size()).toBe(before - 2 * BLOCK)
  expect(await readHeader(storage)).toMatchObject({ blocks_allocated: 2, blocks_in_image: 2, disk_size: 2 * BLOCK })
})

test('when the map needs more room, the first blocks make way for it', async () => {
  const storage = new MemoryStorage('disk.vdi')
  const block = 4 * KiB
  const options = { cluster_size: block }
  await (await vdiDriver.build(storage, { virtualSize: GiB - block, options }, new MemoryFolder())).finish()
  {
    await using disk = await opener(storage)()
    for (let index = 0; index < 40; index += 1) await disk.write(index * block, Buffer.alloc(block, 1 + index))
  }
  const { offset_data } = await readHeader(storage)
  await resize(storage, GiB + 100 * MiB)
  expect((await readHeader(storage)).offset_data).toBeGreaterThan(offset_data)
  expect(await findings(storage)).toEqual([])
  await using disk = await opener(storage)()
  for (let index = 0; index < 40; index += 1) {
    const bytes = Buffer.alloc(block)
    await disk.read(index * block, bytes)
    expect(bytes.equals(Buffer.alloc(block, 1 + index))).toBe(true)
  }
})

test('a fixed image stays one: all that is new has its room', async () => {
  const storage = await vdiOf('ab', { static: true })
  await resize(storage, 5 * BLOCK)
  expect(await readHeader(storage)).toMatchObject({ image_type: 2, blocks_allocated: 5 })
  expect(await lettersOf(storage)).toBe('ab...')
  expect(await findings(storage)).toEqual([])
})

test.for([64 * TiB, 513])('a size it cannot have (%i) is refused before anything is written', async (size) => {
  const storage = await vdiOf('ab')
  const before = await storage.bytes()
  await using disk = await opener(storage)()
  await expect(disk.top.resizer?.resize(size, 'off')).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(disk.top.resizer?.resize(BLOCK, 'full')).rejects.toMatchObject({ code: 'invalid-argument' })
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test.for(oracles())('QEMU $version reads what the command made larger and smaller', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'vdi')
  const path = join(qemu.folder, 'disk.vdi')
  qemu.img('create', '-q', '-f', 'vdi', 'disk.vdi', '4M')
  qemu.io('disk.vdi', ['write -P 4 3M 1M', 'write -P 1 0 1M', 'write -P 3 2M 512'])
  const full = Buffer.from(qemu.content('disk.vdi'))
  expect(await spindleHere('resize', path, '600G')).toMatchObject({ code: 0 })
  expect(qemu.check('disk.vdi').corruptions).toBe(0)
  expect(await spindleHere('resize', '--shrink', path, '2621440')).toMatchObject({ code: 0 })
  expect(qemu.check('disk.vdi').corruptions).toBe(0)
  expect(full.subarray(0, 2_621_440).equals(qemu.content('disk.vdi'))).toBe(true)
  expect(statSync(path).size).toBeLessThan(8 * MiB)
})
