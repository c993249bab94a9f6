// Images built front to back, judged by qemu-img: sound, equal to what was placed, and cut off never taken for whole.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pack } from '../../core/codec/codec.ts'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { fileGate } from '../../core/image/gate.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { GiB, KiB, MiB, TiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { DiskModel, firstDifference } from '../helpers/disk-model.ts'
import { fill } from '../helpers/fill.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom } from '../helpers/seeds.ts'

const SOUND = { corruptions: 0, leaks: 0, errors: 0 }

interface Shape {
  readonly options: OptionValues
  readonly compress?: boolean
  readonly above?: boolean
}

const SHAPES: readonly Shape[] = [
  { options: {} },
  { options: { compat: '0.10' }, above: true },
  { options: { cluster_size: 512, refcount_bits: 1 }, compress: true },
  { options: { cluster_size: 512, refcount_bits: 64 } },
  { options: { cluster_size: 4 * KiB, refcount_bits: 2 }, compress: true },
  { options: { cluster_size: 64 * KiB }, compress: true, above: true },
  { options: { cluster_size: 2 * MiB, compression_type: 'zstd' }, compress: true },
  { options: { extended_l2: true, cluster_size: 16 * KiB }, compress: true, above: true },
  { options: { extended_l2: true, preallocation: 'metadata', cluster_size: 16 * KiB }, above: true },
  { options: { preallocation: 'metadata', cluster_size: 4 * KiB } },
  { options: { preallocation: 'full' } },
  { options: { preallocation: 'metadata' }, compress: true },
  { options: { data_file: 'data' }, above: true },
  { options: { data_file: 'data', data_file_raw: true } },
]

test.each(SHAPES)('built with $options, packed $compress, above a backing file $above', async (shape) => {
  const { options, compress = false, above = false } = shape
  const random = randomFrom(20_260_202)
  const folder = scratchFolder()
  const size = 5 * MiB + 1536
  const judge = new Qemu(newestOracle(), folder)
  judge.img('create', '-q', '-f', 'qcow2', 'base', String(size))
  judge.io('base', ['write -P 77 0 5m'])
  const below = above ? judge.content('base') : new Uint8Array(0)
  const spec = { virtualSize: size, options, compress, ...(above && { backing: { path: 'base', format: 'qcow2' } }) }
  const model = new DiskModel(size, below)
  await using storage = await openFile(join(folder, 'disk'), 'create')
  const builder = await qcow2Driver.build(storage, spec, fileGate())
  await fill(builder, model, random)
  await builder.finish()
  if (builder.storage !== storage) await builder.storage.close()
  for (const oracle of oracles()) {
    const qemu = new Qemu(oracle, folder)
    const { corruptions, leaks, errors, text } = qemu.check('disk')
    expect({ corruptions, leaks, errors }, text).toEqual(SOUND)
    expect(firstDifference(qemu.content('disk').subarray(0, size), model.bytes)).toBeUndefined()
  }
})

test('many small packed clusters share a host cluster until its count is full', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const unit = pack('deflate', new Uint8Array(64 * KiB).fill(1)) ?? new Uint8Array(0)
  const lengths: number[] = []
  for (const bits of [1, 2, 16]) {
    const name = `disk-${bits}`
    await using storage = await openFile(join(folder, name), 'create')
    const spec = { virtualSize: 8 * MiB, options: { refcount_bits: bits }, compress: true }
    const builder = await qcow2Driver.build(storage, spec, fileGate())
    for (let offset = 0; offset < 8 * MiB; offset += 64 * KiB) {
      const host = builder.packing?.place(offset, unit.length) ?? 0
      await storage.write(host, unit)
    }
    await builder.finish()
    const { corruptions, leaks, errors, text } = qemu.check(name)
    expect({ corruptions, leaks, errors }, text).toEqual(SOUND)
    expect(qemu.content(name).every((byte) => byte === 1)).toBe(true)
    lengths.push(await storage.size())
  }
  // 128 clusters: one each, three together, all together.
  const clusters = lengths.map((length) => Math.round(length / (64 * KiB)))
  expect(clusters).toEqual([128 + 5, 43 + 5, 1 + 5])
})

test('64 GiB of tables are prepared without holding them in memory, and are sound', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  await using storage = await openFile(join(folder, 'disk'), 'create')
  const spec = { virtualSize: 64 * GiB, options: { preallocation: 'metadata' } }
  const builder = await qcow2Driver.build(storage, spec, fileGate())
  await builder.finish()
  const { corruptions, leaks, errors, text } = qemu.check('disk')
  expect({ corruptions, leaks, errors }, text).toEqual(SOUND)
  expect(await storage.allocatedSize()).toBeLessThan(16 * MiB)
})

test('tables are written out as they fill, so that a terabyte does not have to be in memory', async () => {
  const folder = new MemoryFolder()
  const file = folder.add('disk')
  const builder = await qcow2Driver.build(file, { virtualSize: TiB, options: {} }, folder)
  for (let table = 0; table < 2048; table += 1) {
    builder.place(table * 512 * MiB, 64 * KiB)
    await builder.drain()
    const waiting = (table + 1) * 64 * KiB - (await file.allocatedSize())
    expect(waiting).toBeLessThanOrEqual(2 * MiB)
  }
  await builder.finish()
  expect(await file.size()).toBeLessThan(2 * 2048 * 64 * KiB + MiB)
})

test('clusters come in guest order, one after the other, from the second cluster of the file on', async () => {
  const folder = new MemoryFolder()
  const builder = await qcow2Driver.build(folder.add('disk'), { virtualSize: MiB, options: {} }, folder)
  expect(builder.place(0, 192 * KiB)).toBe(64 * KiB)
  expect(builder.place(512 * KiB, 64 * KiB)).toBe(256 * KiB)
  expect(() => builder.place(512 * KiB, 64 * KiB)).toThrow(/was placed after/)
})
