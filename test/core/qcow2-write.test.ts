// Writing into qcow2 images that QEMU made: the same entries as QEMU leaves, snapshots untouched, nothing forgotten.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDisk } from '../../core/image/chain.ts'
import type { Access } from '../../core/image/driver.ts'
import { fileGate } from '../../core/image/gate.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import { HEADER } from '../../core/formats/qcow2/layout.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { DiskModel, firstDifference, randomStep } from '../helpers/disk-model.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const SOUND = { corruptions: 0, leaks: 0, errors: 0 }

async function open(folder: string, access: Access, name = 'disk'): Promise<VirtualDisk> {
  return openDisk(await openFile(join(folder, name), access), { drivers, gate: fileGate(), format: 'qcow2', access })
}

function newQemu(oracle = newestOracle()): Qemu {
  return new Qemu(oracle, scratchFolder())
}

function create(qemu: Qemu, name: string, options: string, size: number, below?: string): void {
  const backing = below === undefined ? [] : ['-b', below, '-F', 'raw']
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options, ...backing, name, String(size))
}

/** What qemu-img finds, its own words included when there is something. */
function found(qemu: Qemu, name = 'disk'): object {
  const { corruptions, leaks, errors, text } = qemu.check(name)
  return { corruptions, leaks, errors, ...(corruptions + leaks + errors > 0 && { text }) }
}

describe('zeros and discards leave the entries QEMU leaves', () => {
  const kinds = [
    ['version 3', 'compat=1.1', undefined],
    ['version 3 above a backing file', 'compat=1.1', 'base'],
    ['version 2', 'compat=0.10', undefined],
    ['version 2 above a backing file', 'compat=0.10', 'base'],
    ['subclusters', 'extended_l2=on', undefined],
    ['subclusters above a backing file', 'extended_l2=on', 'base'],
  ] as const
  test.each(kinds)('%s', async (_name, options, below) => {
    const qemu = newQemu()
    qemu.img('create', '-q', '-f', 'raw', 'base', '2M')
    const steps = [
      ['zero', 0, 128 * KiB, false],
      ['zero', 128 * KiB, 128 * KiB, true],
      ['discard', 256 * KiB, 128 * KiB, true],
      ['zero', MiB, 64 * KiB, false],
      ['zero', MiB + 64 * KiB, 64 * KiB, true],
      ['discard', MiB + 128 * KiB, 64 * KiB, true],
      ['zero', 512 * KiB + 2 * KiB, 60 * KiB, true],
      ['discard', 640 * KiB + 2 * KiB, 100 * KiB, true],
      // Above a backing file QEMU also looks whether that happens to hold zeros, which is not for a format to know.
      ...(below === undefined ? ([['zero', MiB + 300 * KiB, 4 * KiB, false]] as const) : []),
    ] as const
    for (const name of ['theirs', 'ours']) {
      create(qemu, name, options, 2 * MiB, below)
      qemu.io(name, ['write -P 1 0 768k'])
    }
    qemu.io(
      'theirs',
      steps.map(([verb, offset, length, unmap]) =>
        verb === 'zero' ? `write -z ${unmap ? '-u' : ''} ${offset} ${length}` : `discard ${offset} ${length}`,
      ),
    )
    const disk = await open(qemu.folder, 'write', 'ours')
    for (const [verb, offset, length, unmap] of steps) {
      if (verb === 'zero') await disk.zero(offset, length, unmap)
      else await disk.discard(offset, length)
    }
    await disk.close()
    expect(found(qemu, 'ours')).toEqual(SOUND)
    expect(firstDifference(qemu.content('ours'), qemu.content('theirs'))).toBeUndefined()
    expect(states(qemu, 'ours')).toEqual(states(qemu, 'theirs'))
  })
})

/** The map, with whether there is a place but not where: that is for each program to choose. */
function states(qemu: Qemu, name: string): readonly unknown[] {
  const rows = qemu.json('map', name) as readonly Record<string, unknown>[]
  const states: Record<string, unknown>[] = []
  for (const { offset, start: _start, length, ...row } of rows) {
    const state = { ...row, placed: offset !== undefined }
    const last = states.at(-1)
    if (last && JSON.stringify({ ...last, length: 0 }) === JSON.stringify({ ...state, length: 0 }))
      last['length'] = Number(last['length']) + Number(length)
    else states.push({ ...state, length })
  }
  return states
}

describe.each(oracles().map((oracle) => [oracle.version, oracle] as const))(
  'images with snapshots of QEMU %s',
  (_version, oracle) => {
    const shapes = [
      'cluster_size=64k',
      'cluster_size=4k,refcount_bits=8',
      'compat=0.10',
      'extended_l2=on,cluster_size=16k',
      'cluster_size=512',
    ]
    test.for(shapes.flatMap((shape) => seeds().map((seed) => [shape, seed] as const)))(
      'what a snapshot holds stays as it was, whatever is written later: %s (seed %i)',
      async ([shape, seed]) => {
        const random = randomFrom(seed)
        const qemu = newQemu(oracle)
        const size = 2 * MiB + 512
        const step = Number(/cluster_size=(\d+)/.exec(shape)?.[1] ?? 64)
        const block = step === 512 ? 512 : step * KiB
        create(qemu, 'disk', shape, size)
        qemu.io('disk', ['write -P 17 0 700k', `write -P 18 1m 300k`, `write -z 100k 64k`, `write -c -P 5 1536k 64k`])
        qemu.img('snapshot', '-c', 'first', 'disk')
        qemu.io('disk', ['write -P 19 50k 200k', 'discard 1m 128k', 'write -z -u 300k 64k'])
        qemu.img('snapshot', '-c', 'second', 'disk')
        const frozen = ['first', 'second'].map((name) => qemu.content('disk', '-l', name))
        const model = new DiskModel(size)
        model.bytes.set(qemu.content('disk').subarray(0, size))
        for (let round = 0; round < 2; round += 1) {
          await using disk = await open(qemu.folder, 'write')
          for (let count = 0; count < 25; count += 1) await model.apply(disk, randomStep(random, size, block))
        }
        expect(found(qemu)).toEqual(SOUND)
        expect(firstDifference(qemu.content('disk').subarray(0, size), model.bytes)).toBeUndefined()
        for (const [index, name] of ['first', 'second'].entries())
          expect(firstDifference(qemu.content('disk', '-l', name), frozen[index] ?? new Uint8Array(0))).toBeUndefined()
        qemu.img('snapshot', '-d', 'first', 'disk')
        qemu.img('snapshot', '-a', 'second', 'disk')
        expect(found(qemu)).toEqual(SOUND)
      },
    )
  },
)

test('a refcount table that is full is replaced by a longer one, and the old one becomes free', async () => {
  const qemu = newQemu()
  create(qemu, 'disk', 'cluster_size=512,refcount_bits=64', 24 * MiB)
  const data = randomFrom(1).bytes(MiB)
  await using disk = await open(qemu.folder, 'write')
  for (let offset = 0; offset < 24 * MiB; offset += MiB) {
    await disk.write(offset, data)
    if (offset % (5 * MiB) === 0) await disk.flush()
  }
  await disk.close()
  expect(found(qemu)).toEqual(SOUND)
  const content = qemu.content('disk')
  for (let offset = 0; offset < 24 * MiB; offset += MiB)
    expect(firstDifference(content.subarray(offset, offset + MiB), data)).toBeUndefined()
})

test('what is freed is used again: a file does not grow by being written over', async () => {
  const qemu = newQemu()
  create(qemu, 'disk', 'cluster_size=4k', 4 * MiB)
  const random = randomFrom(2)
  await using disk = await open(qemu.folder, 'write')
  for (let round = 0; round < 2000; round += 1) {
    const offset = 4 * KiB * random.below(1024)
    if (random.happens(0.5)) await disk.zero(offset, 4 * KiB, true)
    else await disk.write(offset, new Uint8Array(4 * KiB).fill(round))
  }
  await disk.close()
  expect(found(qemu)).toEqual(SOUND)
  expect(await size(join(qemu.folder, 'disk'))).toBeLessThan(1.05 * 4 * MiB + 24 * 4 * KiB)
})

test('compressed clusters are written to fresh room, and what they shared goes when the last of them does', async () => {
  const qemu = newQemu()
  create(qemu, 'disk', 'cluster_size=64k', MiB)
  qemu.io(
    'disk',
    Array.from({ length: 16 }, (_, index) => `write -c -P ${index + 1} ${index * 64}k 64k`),
  )
  await using disk = await open(qemu.folder, 'write')
  for (let index = 0; index < 16; index += 1) {
    await disk.write(index * 64 * KiB + 1000, new Uint8Array(100).fill(0xee))
    await disk.flush()
    expect(found(qemu)).toEqual(SOUND)
  }
  await disk.close()
  const last = qemu.content('disk').subarray(15 * 64 * KiB)
  const wanted = new Uint8Array(64 * KiB).fill(16).fill(0xee, 1000, 1100)
  expect(firstDifference(last, wanted)).toBeUndefined()
})

test('after each flush the file alone is a sound image', async () => {
  const random = randomFrom(3)
  const qemu = newQemu()
  create(qemu, 'disk', 'cluster_size=4k', MiB)
  const model = new DiskModel(MiB)
  await using disk = await open(qemu.folder, 'write')
  for (let round = 0; round < 6; round += 1) {
    for (let count = 0; count < 8; count += 1) await model.apply(disk, randomStep(random, MiB, 4 * KiB))
    await disk.flush()
    expect(found(qemu)).toEqual(SOUND)
    expect(firstDifference(qemu.content('disk'), model.bytes)).toBeUndefined()
  }
})

test('what Spindle does not know in a header stays there; promises it does not keep are taken back', async () => {
  const qemu = newQemu()
  create(qemu, 'disk', 'cluster_size=64k', MiB)
  const path = join(qemu.folder, 'disk')
  {
    await using file = await openFile(path, 'write')
    // An unknown extension before the others, an unknown compatible bit and an unknown autoclear bit.
    const old = new Uint8Array(1024)
    await file.read(112, old)
    const extension = new Uint8Array(16)
    const view = new DataView(extension.buffer)
    view.setUint32(0, 0x5350_494e)
    view.setUint32(4, 5)
    extension.set(new TextEncoder().encode('hello'), 8)
    await file.write(112, Buffer.concat([extension, old]))
    await file.write(HEADER.fields.compatible_features.offset, Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 1))
    await file.write(HEADER.fields.autoclear_features.offset, Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0))
  }
  const before = readFileSync(path).subarray(0, 2048)
  const disk = await open(qemu.folder, 'write')
  await disk.write(0, Uint8Array.of(1))
  await disk.close()
  const after = readFileSync(path).subarray(0, 2048)
  before.fill(0, HEADER.fields.autoclear_features.offset, HEADER.fields.autoclear_features.offset + 8)
  expect(Buffer.compare(after, before)).toBe(0)
})

test('two writers of one disk, side by side, end in one sound image', async () => {
  const qemu = newQemu()
  create(qemu, 'disk', 'cluster_size=4k', 2 * MiB)
  await using disk = await open(qemu.folder, 'write')
  const work = Array.from({ length: 8 }, async (_, index) => {
    for (let round = 0; round < 30; round += 1) {
      const offset = (round * 8 + index) * 3000
      await disk.write(offset, new Uint8Array(3000).fill(index + 1))
      const back = new Uint8Array(3000)
      await disk.read(offset, back)
      if (!back.every((byte) => byte === index + 1)) throw new Error(`byte of writer ${index} is another one's`)
    }
  })
  await Promise.all(work)
  await disk.close()
  expect(found(qemu)).toEqual(SOUND)
})

async function size(path: string): Promise<number> {
  await using file = await openFile(path, 'read')
  return file.size()
}
