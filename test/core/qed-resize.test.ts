// QED images that become larger and smaller, and that get other images below them: what the guest sees stays right.

import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { qedDriver } from '../../core/formats/qed/driver.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { KiB } from '../../core/model/units.ts'
import { resizeImage } from '../../core/operations/resize-image.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { DiskModel, firstDifference, randomStep } from '../helpers/disk-model.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { CLUSTER, lettersOf, qedOf } from '../helpers/qed-bytes.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'

function opener(storage: MemoryStorage): () => Promise<VirtualDisk> {
  const gate = new MemoryFolder()
  return () => openDisk(storage, { drivers: [qedDriver], gate, format: 'qed', access: 'write' })
}

async function resize(storage: MemoryStorage, virtualSize: number): Promise<void> {
  await resizeImage({ virtualSize, preallocation: 'off', open: opener(storage), pace: () => undefined })
}

async function errors(storage: MemoryStorage): Promise<number | undefined> {
  return (await (await qedDriver.checker?.(storage))?.check())?.totals.corruptions
}

test.for(seeds())('after any number of changes of its size it is sound and as it should be (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const storage = new MemoryStorage('disk.qed')
  const block = random.pick([4 * KiB, 16 * KiB])
  const most = (block * 3000) / 512
  let size = 512 * (1 + random.below(most))
  const options = { cluster_size: block, table_size: 2 }
  await (await qedDriver.build(storage, { virtualSize: size, options }, new MemoryFolder())).finish()
  let model = new DiskModel(size)
  for (let round = 0; round < 10; round += 1) {
    {
      await using disk = await opener(storage)()
      for (let step = 0; step < 12; step += 1) await model.apply(disk, randomStep(random, size, block))
    }
    const next = 512 * (1 + random.below(most))
    if (next === size) continue
    await resize(storage, next)
    const bytes = new Uint8Array(next)
    bytes.set(model.bytes.subarray(0, next))
    model = new DiskModel(next)
    model.bytes.set(bytes)
    size = next
    await using disk = await opener(storage)()
    expect(disk.size).toBe(size)
    expect(await model.difference(disk)).toBeUndefined()
    expect(await errors(storage)).toBe(0)
  }
})

test('a smaller disk gives its room back, also from the middle of the file', async () => {
  const storage = await qedOf('....')
  {
    await using disk = await opener(storage)()
    for (const [index, cluster] of [3, 0, 2, 1].entries())
      await disk.write(cluster * CLUSTER, Buffer.alloc(CLUSTER, 'abcd'[index]))
  }
  const before = await storage.size()
  await resize(storage, 2 * CLUSTER)
  expect(await lettersOf(storage)).toBe('bd')
  expect(await storage.size()).toBe(before - 2 * CLUSTER)
  const checker = await qedDriver.checker?.(storage)
  expect((await checker?.check())?.findings).toEqual([])
})

test('a size its tables cannot tell of, and room taken in advance, are refused before anything is written', async () => {
  const storage = await qedOf('ab')
  const before = await storage.bytes()
  await using disk = await opener(storage)()
  const { resizer } = disk.top
  await expect(resizer?.resize(1024 * 1024 * CLUSTER + 512, 'off')).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(resizer?.resize(700, 'off')).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(resizer?.resize(4 * CLUSTER, 'full')).rejects.toMatchObject({ code: 'unsupported' })
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
})

test.for(oracles())('QEMU $version reads what the command made larger and smaller', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'qed')
  const path = join(qemu.folder, 'disk.qed')
  qemu.img('create', '-q', '-f', 'qed', 'disk.qed', '4M')
  qemu.io('disk.qed', ['write -P 4 3M 1M', 'write -P 1 0 1M', 'write -P 3 2M 512'])
  const full = Buffer.from(qemu.content('disk.qed'))
  expect(await spindleHere('resize', path, '600G')).toMatchObject({ code: 0 })
  expect(qemu.check('disk.qed')).toMatchObject({ corruptions: 0, leaks: 0 })
  expect(await spindleHere('resize', '--shrink', path, '2621440')).toMatchObject({ code: 0 })
  expect(qemu.check('disk.qed')).toMatchObject({ corruptions: 0, leaks: 0 })
  expect(full.subarray(0, 2_621_440).equals(qemu.content('disk.qed'))).toBe(true)
})

test('commit and rebase see to QED images as to all others', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'qed')
  const path = (name: string): string => join(qemu.folder, name)
  const below = randomFrom(1).bytes(2 ** 20)
  writeFileSync(path('base.raw'), below)
  writeFileSync(path('other.raw'), randomFrom(2).bytes(2 ** 20))
  const create = await spindleHere('create', '-f', 'qed', '-b', path('base.raw'), '-F', 'raw', path('top.qed'))
  expect(create).toMatchObject({ code: 0 })
  expect(qemu.json('info', 'top.qed')).toMatchObject({ 'backing-filename-format': 'raw' })
  qemu.io('top.qed', ['write -P 9 100k 300k', 'write -z 512k 128k'])
  const seen = qemu.content('top.qed')

  expect(await spindleHere('rebase', '-b', 'other.raw', '-F', 'raw', path('top.qed'))).toMatchObject({ code: 0 })
  expect(qemu.json('info', 'top.qed')).toMatchObject({ 'backing-filename': 'other.raw' })
  expect(firstDifference(qemu.content('top.qed'), seen)).toBeUndefined()
  expect(await spindleHere('rebase', '-b', 'base.raw', '-F', 'raw', path('top.qed'))).toMatchObject({ code: 0 })
  expect(qemu.check('top.qed')).toMatchObject({ corruptions: 0, leaks: 0 })

  expect(await spindleHere('commit', path('top.qed'))).toMatchObject({ code: 0 })
  expect(firstDifference(qemu.content('top.qed'), seen)).toBeUndefined()
  expect(qemu.check('top.qed')).toMatchObject({ corruptions: 0, leaks: 0 })
  const raw = new Qemu(newestOracle(), qemu.folder, 'raw')
  expect(firstDifference(raw.content('base.raw'), seen)).toBeUndefined()

  expect(await spindleHere('rebase', '-b', '', path('top.qed'))).toMatchObject({ code: 0 })
  expect(firstDifference(qemu.content('top.qed'), seen)).toBeUndefined()
  expect(qemu.json('info', 'top.qed')).not.toHaveProperty('backing-filename')
})
