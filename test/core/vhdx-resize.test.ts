// VHDX images that become larger and smaller: what stays is the same, what is new is zeros, and QEMU agrees.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { BLOCK as STATE, REGION_TABLE_OFFSETS } from '../../core/formats/vhdx/layout.ts'
import { readRegions } from '../../core/formats/vhdx/regions.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import type { Preallocation } from '../../core/model/job.ts'
import { GiB, MiB, TiB } from '../../core/model/units.ts'
import { resizeImage } from '../../core/operations/resize-image.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { DiskModel, randomStep } from '../helpers/disk-model.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BAT, BLOCK, DATA, headerOf, lettersOf, vhdxOf } from '../helpers/vhdx-bytes.ts'

function opener(storage: Storage): () => Promise<VirtualDisk> {
  const drivers = [vhdxDriver]
  return () => openDisk(storage, { drivers, gate: new MemoryFolder(), format: 'vhdx', access: 'write' })
}

async function resize(storage: Storage, virtualSize: number, preallocation: Preallocation = 'off'): Promise<void> {
  await resizeImage({ virtualSize, preallocation, open: opener(storage), pace: () => undefined })
}

async function findings(storage: Storage): Promise<unknown> {
  return (await (await vhdxDriver.checker?.(storage))?.check())?.findings
}

test.for(seeds())('after any number of changes of its size it is sound and as it should be (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const fixed = random.happens(0.3)
  const storage = await vhdxOf('....', fixed ? { subformat: 'fixed' } : {})
  let size = 4 * BLOCK
  let model = new DiskModel(size)
  for (let round = 0; round < 8; round += 1) {
    {
      await using disk = await opener(storage)()
      for (let step = 0; step < 10; step += 1) await model.apply(disk, randomStep(random, size, BLOCK))
    }
    const next = 512 * (1 + random.below(6 * 2048))
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

test('a smaller disk gives the room of its blocks back', async () => {
  const storage = await vhdxOf('abcd')
  await resize(storage, 2 * BLOCK)
  expect(await lettersOf(storage)).toBe('ab')
  expect(await storage.size()).toBe(DATA + 2 * BLOCK)
  await resize(storage, 4 * BLOCK)
  expect(await lettersOf(storage)).toBe('ab..')
  expect(await findings(storage)).toEqual([])
})

test('when the table of blocks needs more room, it moves, whenever that is cut off', async () => {
  const storage = await vhdxOf('abcd')
  const recording = await RecordingStorage.over(storage)
  await resize(recording, 129 * GiB)
  const { bat } = await readRegions(storage, await headerOf(storage))
  expect(bat.length).toBe(2 * MiB)
  expect(bat.offset).not.toBe(BAT)
  expect(await findings(storage)).toEqual([])
  for await (const { storage: crashed, description } of recording.crashStates({ seed: 5, limit: 16 })) {
    const checker = await vhdxDriver.checker?.(crashed)
    const report = await checker?.repair('all')
    expect(report?.after, description).toMatchObject({ findings: [], totals: { allocatedClusters: 4 } })
    const disk = await opener(crashed)()
    expect([4 * BLOCK, 129 * GiB], description).toContain(disk.size)
    await disk.close()
  }
  const first = new Uint8Array(4 * BLOCK)
  await using disk = await opener(storage)()
  await disk.read(0, first)
  expect(String.fromCharCode(...[0, 1, 2, 3].map((block) => first[block * BLOCK] ?? 0))).toBe('abcd')
  await disk.write(128 * GiB, new Uint8Array(512).fill(1))
  await disk.flush()
  expect(await findings(storage)).toEqual([])
})

test('a fixed image stays one: all that is new has its room', async () => {
  const storage = await vhdxOf('ab', { subformat: 'fixed' })
  await resize(storage, 5 * BLOCK)
  const entries = new DataView(new ArrayBuffer(40))
  await storage.read(BAT, new Uint8Array(entries.buffer))
  expect([0, 8, 16, 24, 32].map((at) => entries.getUint8(at))).toEqual(Array.from({ length: 5 }, () => STATE.present))
  expect(await lettersOf(storage)).toBe('ab...')
  expect(await findings(storage)).toEqual([])
})

test.for([65 * TiB, 513])('a size it cannot have (%i) is refused before anything is written', async (size) => {
  const storage: MemoryStorage = await vhdxOf('ab')
  const before = await storage.bytes()
  await using disk = await opener(storage)()
  await expect(disk.top.resizer?.resize(size, 'off')).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(disk.top.resizer?.resize(BLOCK, 'full')).rejects.toMatchObject({ code: 'invalid-argument' })
  expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  expect(REGION_TABLE_OFFSETS.length).toBe(2)
})

test.for(oracles())('QEMU $version reads what the command made larger and smaller', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'vhdx')
  const path = join(qemu.folder, 'disk.vhdx')
  for (const subformat of ['dynamic', 'fixed']) {
    qemu.img('create', '-q', '-f', 'vhdx', '-o', `subformat=${subformat},block_size=1M`, 'disk.vhdx', '4608K')
    qemu.io('disk.vhdx', ['write -P 4 3M 1M', 'write -P 1 0 1M', 'write -P 3 2M 512', 'write -P 5 4M 512k'])
    const full = Buffer.from(qemu.content('disk.vhdx'))
    const large = subformat === 'fixed' ? '40M' : '130G'
    expect(await spindleHere('resize', path, large)).toMatchObject({ code: 0 })
    expect(qemu.check('disk.vhdx').corruptions).toBe(0)
    expect(await spindleHere('resize', '--shrink', path, '2621440')).toMatchObject({ code: 0 })
    expect(qemu.check('disk.vhdx').corruptions).toBe(0)
    expect(full.subarray(0, 2_621_440).equals(qemu.content('disk.vhdx'))).toBe(true)
    expect(statSync(path).size).toBeLessThan(32 * MiB)
  }
})
