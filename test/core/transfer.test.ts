// The copier: whatever a disk is made of, and whoever carries it out, the same bytes arrive and no zeros do.

import { openSync, closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawDriver } from '../../core/formats/raw/driver.ts'
import { RawLayer } from '../../core/formats/raw/layer.ts'
import { closedGate } from '../../core/image/gate.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { SpindleError } from '../../core/model/error.ts'
import { GiB, KiB, MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { planTransfer } from '../../core/transfer/plan.ts'
import { TransferPool } from '../../core/transfer/pool.ts'
import { transfer } from '../../core/transfer/transfer.ts'
import type { TransferOptions } from '../../core/transfer/transfer.ts'
import { FaultyStorage, randomNumbers } from '../helpers/faulty-storage.ts'
import { RememberingBuilder, diskOf, scatter } from './transfer-fixtures.ts'

let folder = ''
let files = 0
const pool = new TransferPool()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spindle-transfer-'))
  // Otherwise these small disks would be copied here before a thread is ready.
  await pool.start()
})

afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

async function newFile(): Promise<Storage> {
  return openFile(join(folder, `file-${(files += 1)}`), 'create')
}

/** Large enough, by what it is told, that the copier uses threads; and too small for them. */
const large = { dataBytes: GiB, packedBytes: 0, zeroBytes: 0, holeBytes: 0 }
const small = { dataBytes: 0, packedBytes: 0, zeroBytes: 0, holeBytes: 0 }

interface Way {
  readonly storage: () => Promise<Storage>
  readonly options: TransferOptions
}

const ways: readonly (readonly [string, Way])[] = [
  ['in memory', { storage: async () => new MemoryStorage(), options: { totals: small } }],
  ['in this thread', { storage: newFile, options: { totals: small } }],
  ['in this thread, the portable way', { storage: newFile, options: { totals: small, portable: true } }],
  ['in threads', { storage: newFile, options: { totals: large, pool } }],
  ['in threads, the portable way', { storage: newFile, options: { totals: large, pool, portable: true } }],
]

async function contentOf(disk: VirtualDisk): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.size)
  await disk.read(0, bytes)
  return bytes
}

async function failure(work: Promise<unknown>): Promise<SpindleError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(SpindleError)
  return thrown as SpindleError
}

describe.each(ways)('copying %s', (_name, way) => {
  test.each([
    { blockSize: 512, grain: 512, longest: 100, size: MiB + 512 },
    { blockSize: 4 * KiB, grain: 64 * KiB, longest: 4, size: 6 * MiB },
    { blockSize: 64 * KiB, grain: 512, longest: 300, size: 5 * MiB + 1536 },
    { blockSize: 64 * KiB, grain: 64 * KiB, longest: 40, size: 12 * MiB },
    { blockSize: 2 * MiB, grain: 16 * KiB, longest: 20, size: 9 * MiB + 4 * KiB },
  ])('blocks of $blockSize from extents of $grain', async (how) => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    await using from = await way.storage()
    await using below = await way.storage()
    await using to = await way.storage()
    const top = await scatter(from, { ...how, seed, codecs: ['deflate', 'zstd'] })
    const base = await scatter(below, { ...how, seed: seed + 1, size: Math.floor(how.size / 1024) * 512 })
    const disk = diskOf(top.layer, base.layer)
    const expected = await contentOf(disk)
    const builder = new RememberingBuilder(to, how.blockSize, how.size)
    await transfer(disk, builder, way.options)
    expect(expected.equals(await contentOf(diskOf(builder.layer()))), `seed ${seed}`).toBe(true)
    expect(zeroBlocks(expected, builder), `seed ${seed}`).toEqual([])
    expect(await to.allocatedSize()).toBeLessThanOrEqual(
      dataBytes(expected, Math.min(how.blockSize, 64 * KiB)) + 8 * KiB,
    )
  })

  test.each([
    { codec: 'deflate', blockSize: 512, grain: 512, longest: 40, size: MiB + 512 },
    { codec: 'zstd', blockSize: 64 * KiB, grain: 64 * KiB, longest: 5, size: 8 * MiB },
    { codec: 'deflate', blockSize: 64 * KiB, grain: 512, longest: 300, size: 5 * MiB + 1536 },
    { codec: 'zstd', blockSize: 2 * MiB, grain: 64 * KiB, longest: 12, size: 9 * MiB + 4 * KiB },
  ] as const)('packed with $codec in blocks of $blockSize', async (how) => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    await using from = await way.storage()
    await using to = await way.storage()
    const { layer, content } = await scatter(from, { ...how, seed, codecs: ['zstd'] })
    const builder = new RememberingBuilder(to, how.blockSize, how.size, how.codec)
    await transfer(diskOf(layer), builder, { ...way.options, compress: true })
    expect(content.equals(await contentOf(diskOf(builder.layer()))), `seed ${seed}`).toBe(true)
    expect(zeroBlocks(content, builder), `seed ${seed}`).toEqual([])
    expect(builder.placed.some((one) => one.packedLength !== undefined)).toBe(true)
  })

  test('over a backing file every block is placed, as data or as zeros', async () => {
    const size = 3 * MiB + 512
    await using from = await way.storage()
    await using to = await way.storage()
    const { layer, content } = await scatter(from, { seed: 5, size, grain: 64 * KiB, longest: 8 })
    const builder = new RememberingBuilder(to, 64 * KiB, size)
    await transfer(diskOf(layer), builder, { ...way.options, overBacking: true })
    const covered = [...builder.placed.map((one) => one.length), ...builder.zeros.map(([, length]) => length)]
    expect(covered.reduce((sum, length) => sum + length, 0)).toBe(size)
    for (const [offset, length] of builder.zeros) {
      expect(content.subarray(offset, offset + length).every((byte) => byte === 0)).toBe(true)
    }
  })

  test('a disk with nothing in it places nothing', async () => {
    await using from = await way.storage()
    await using to = await way.storage()
    await from.truncate(GiB)
    const builder = new RememberingBuilder(to, 64 * KiB, GiB)
    await transfer(diskOf(new RawLayer(from, GiB, 'read')), builder, way.options)
    expect(builder.placed).toEqual([])
    expect(await to.size()).toBe(0)
  })

  test('reports every byte of data once, and never goes back', async () => {
    await using from = await way.storage()
    await using to = await way.storage()
    const { layer } = await scatter(from, { seed: 6, size: 12 * MiB, grain: 64 * KiB, longest: 8, codecs: ['deflate'] })
    const disk = diskOf(layer)
    const totals = await planTransfer(disk)
    const steps: number[] = []
    const pace = (bytes: number) => void steps.push(bytes)
    await transfer(disk, new RememberingBuilder(to, 64 * KiB, disk.size), { ...way.options, pace })
    expect(steps.every((step) => step >= 0)).toBe(true)
    expect(steps.reduce((sum, step) => sum + step, 0)).toBe(totals.dataBytes + totals.packedBytes)
    expect(totals.dataBytes + totals.packedBytes + totals.zeroBytes + totals.holeBytes).toBe(disk.size)
  })

  test('cancelling in the middle ends it at once, and nothing is written afterwards', async () => {
    await using from = await way.storage()
    await using to = await way.storage()
    const { layer } = await scatter(from, { seed: 7, size: 40 * MiB, grain: 64 * KiB, longest: 8 })
    const controller = new AbortController()
    let done = 0
    const pace = (bytes: number) => {
      done += bytes
      if (done > 0) controller.abort()
      return undefined
    }
    const builder = new RememberingBuilder(to, 64 * KiB, layer.virtualSize)
    const error = await failure(transfer(diskOf(layer), builder, { ...way.options, pace, signal: controller.signal }))
    expect(error.code).toBe('cancelled')
    expect(done).toBeLessThan(40 * MiB)
    const before = [await to.size(), await to.allocatedSize()]
    // Whatever were still on its way would be in front of this in the same threads.
    await using other = await way.storage()
    await transfer(diskOf(layer), new RememberingBuilder(other, 64 * KiB, layer.virtualSize), way.options)
    expect([await to.size(), await to.allocatedSize()]).toEqual(before)
  })

  test('a damaged packed piece is named by file and place', async () => {
    await using from = await way.storage()
    await using to = await way.storage()
    const { layer } = await scatter(from, { seed: 8, size: 4 * MiB, grain: 64 * KiB, longest: 1, codecs: ['deflate'] })
    const extents = (await layer.map(0, 4 * MiB)).filter((extent) => extent.kind === 'packed')
    const [victim] = extents
    await from.write(victim!.offset + 20, new Uint8Array(200).fill(0xff))
    const error = await failure(transfer(diskOf(layer), new RememberingBuilder(to, 64 * KiB, 4 * MiB), way.options))
    expect(error).toMatchObject({ code: 'invalid-image', path: from.name, offset: victim!.offset })
  })
})

test('raw to raw through threads keeps a sparse file sparse', async () => {
  const seed = Date.now() % 1_000_000
  console.log(`seed ${seed}`)
  const random = randomNumbers(seed)
  await using from = await newFile()
  await using to = await newFile()
  const size = 80 * MiB + 777
  await from.truncate(size)
  for (let count = 0; count < 40; count += 1) {
    const offset = Math.floor(random() * (size - 300_000))
    await from.write(offset, new Uint8Array(Math.floor(random() * 300_000)).fill(1 + (count % 200)))
  }
  const builder = await rawDriver.build(to, { virtualSize: size, options: {} }, closedGate)
  await transfer(diskOf(new RawLayer(from, size, 'read')), builder, { totals: large, pool })
  await builder.finish()
  const [expected, got] = [Buffer.alloc(size), Buffer.alloc(size)]
  await from.read(0, expected)
  await to.read(0, got)
  expect(expected.equals(got), `seed ${seed}`).toBe(true)
  expect(await to.size()).toBe(size)
  expect(await to.allocatedSize()).toBeLessThanOrEqual((await from.allocatedSize()) + 40 * 128 * KiB)
})

test('two transfers share one pool, and a closed pool starts again', async () => {
  const own = new TransferPool()
  await own.start()
  const build = async (seed: number): Promise<boolean> => {
    await using from = await newFile()
    await using to = await newFile()
    const { layer, content } = await scatter(from, { seed, size: 16 * MiB, grain: 64 * KiB, longest: 8 })
    const builder = new RememberingBuilder(to, 64 * KiB, layer.virtualSize)
    await transfer(diskOf(layer), builder, { totals: large, pool: own })
    return content.equals(await contentOf(diskOf(builder.layer())))
  }
  expect(await Promise.all([build(1), build(2), build(3)])).toEqual([true, true, true])
  await own.close()
  expect(await build(4)).toBe(true)
  await own.close()
})

describe('what goes wrong in the middle', () => {
  const size = 16 * MiB

  test('a full target in this thread', async () => {
    const from = new MemoryStorage('source')
    const { layer } = await scatter(from, { seed: 1, size, grain: 64 * KiB, longest: 4 })
    const to = new FaultyStorage(new MemoryStorage('target'), { quota: 3 * MiB })
    const error = await failure(transfer(diskOf(layer), new RememberingBuilder(to, 64 * KiB, size)))
    expect(error).toMatchObject({ code: 'no-space', path: 'target' })
  })

  test.each([false, true])('a full target in a thread (portable: %s)', async (portable) => {
    await using from = await newFile()
    const { layer } = await scatter(from, { seed: 2, size, grain: 64 * KiB, longest: 4 })
    // The kernel's own device that is always full.
    const descriptor = openSync('/dev/full', 'r+')
    const to = Object.assign(new MemoryStorage('/images/target.img'), { descriptor })
    const work = transfer(diskOf(layer), new RememberingBuilder(to, 64 * KiB, size), { totals: large, pool, portable })
    const error = await failure(work)
    closeSync(descriptor)
    expect(error).toMatchObject({ code: 'no-space', path: '/images/target.img' })
    expect(error.message).toMatch(/is full/)
  })

  test('a source that cannot be read, in this thread', async () => {
    const from = new MemoryStorage('source')
    const { layer } = await scatter(from, { seed: 3, size, grain: 64 * KiB, longest: 4 })
    const faulty = new FaultyStorage(from, { faults: [{ call: 'read', at: 50, code: 'io' }] })
    const disk = diskOf(new RawLayer(faulty, await from.size(), 'read'))
    const to = new MemoryStorage('target')
    const error = await failure(transfer(disk, new RememberingBuilder(to, 64 * KiB, disk.size)))
    expect(error).toMatchObject({ code: 'io', path: 'source' })
    expect(layer.virtualSize).toBe(size)
  })

  test('a source that cannot be read, in a thread', async () => {
    const path = join(folder, 'unreadable.img')
    writeFileSync(path, new Uint8Array(size).fill(1))
    const descriptor = openSync(path, 'a')
    const from = Object.assign(new MemoryStorage(path, new Uint8Array(size).fill(1)), { descriptor })
    await using to = await newFile()
    const disk = diskOf(new RawLayer(from, size, 'read'))
    const error = await failure(transfer(disk, new RememberingBuilder(to, 64 * KiB, size), { totals: large, pool }))
    closeSync(descriptor)
    expect(error).toMatchObject({ code: 'io', path })
  })

  test('a builder that refuses stops everything', async () => {
    await using from = await newFile()
    await using to = await newFile()
    const { layer } = await scatter(from, { seed: 4, size: 64 * MiB, grain: 64 * KiB, longest: 4 })
    const builder = new RememberingBuilder(to, 64 * KiB, layer.virtualSize)
    const place = builder.place.bind(builder)
    builder.place = (guest, length) => {
      if (guest > 20 * MiB) throw new SpindleError('no-space', 'The format has no room left.')
      return place(guest, length)
    }
    const error = await failure(transfer(diskOf(layer), builder, { totals: large, pool }))
    expect(error.message).toBe('The format has no room left.')
  })

  test('compressing into a format that cannot is refused', async () => {
    const disk = diskOf(new RawLayer(new MemoryStorage('source', new Uint8Array(512)), 512, 'read'))
    const builder = new RememberingBuilder(new MemoryStorage('target'), 64 * KiB, 512)
    expect((await failure(transfer(disk, builder, { compress: true }))).code).toBe('invalid-argument')
  })
})

/** Guest offsets of placed blocks that hold nothing but zeros. */
function zeroBlocks(content: Buffer, builder: RememberingBuilder): readonly number[] {
  const zero = Buffer.alloc(builder.blockSize)
  const found: number[] = []
  for (const { guest, length } of builder.placed) {
    for (let at = guest; at < guest + length; at += builder.blockSize) {
      const block = content.subarray(at, Math.min(at + builder.blockSize, guest + length))
      if (block.equals(zero.subarray(0, block.length))) found.push(at)
    }
  }
  return found
}

/** Bytes in granules that are not all zero. */
function dataBytes(content: Buffer, granule: number): number {
  const zero = Buffer.alloc(granule)
  let bytes = 0
  for (let at = 0; at < content.length; at += granule) {
    const part = content.subarray(at, at + granule)
    if (!part.equals(zero.subarray(0, part.length))) bytes += Math.ceil(granule / 4096) * 4096
  }
  return bytes
}
