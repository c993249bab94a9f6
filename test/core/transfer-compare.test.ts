// The comparer: finds the first byte that differs, and all others when asked, reading only what it must.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RawLayer } from '../../core/formats/raw/layer.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { compareDisks, differencesOf, planComparison } from '../../core/transfer/compare.ts'
import type { CompareOptions, Difference } from '../../core/transfer/compare.ts'
import { TransferPool } from '../../core/transfer/pool.ts'
import { FaultyStorage, randomNumbers } from '../helpers/faulty-storage.ts'
import { diskOf, scatter } from './transfer-fixtures.ts'

let folder = ''
let files = 0
const pool = new TransferPool()

beforeAll(async () => {
  await pool.start()
  folder = mkdtempSync(join(tmpdir(), 'spindle-compare-'))
})

afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

async function newFile(): Promise<Storage> {
  return openFile(join(folder, `file-${(files += 1)}`), 'create')
}

async function rawDisk(storage: Storage): Promise<VirtualDisk> {
  return diskOf(new RawLayer(storage, await storage.size(), 'read'))
}

async function allDifferences(left: VirtualDisk, right: VirtualDisk, options?: CompareOptions): Promise<Difference[]> {
  const found: Difference[] = []
  for await (const difference of differencesOf(left, right, options)) found.push(difference)
  return found
}

test('the same bytes in other pieces are the same disk, and one changed byte is found where it is', async () => {
  const seed = Date.now() % 1_000_000
  console.log(`seed ${seed}`)
  const random = randomNumbers(seed)
  const size = 6 * MiB + 512
  const { layer, content } = await scatter(new MemoryStorage(), {
    seed,
    size,
    grain: 512,
    longest: 400,
    codecs: ['deflate', 'zstd'],
  })
  const flat = new MemoryStorage('flat', content)
  expect(await compareDisks(diskOf(layer), await rawDisk(flat))).toEqual({ identical: true, sizeDiffers: false })
  for (let round = 0; round < 10; round += 1) {
    const offset = Math.floor(random() * size)
    const changed = new MemoryStorage('changed', content)
    await changed.write(offset, new Uint8Array([(content[offset] ?? 0) ^ 0x80]))
    expect(await compareDisks(diskOf(layer), await rawDisk(changed)), `seed ${seed}`).toEqual({
      identical: false,
      firstDifference: offset,
      sizeDiffers: false,
    })
  }
})

test('all ranges that differ are told exactly, near ones as one', async () => {
  const bytes = new Uint8Array(12 * MiB).fill(3)
  const left = new MemoryStorage('left', bytes)
  const right = new MemoryStorage('right', bytes)
  await right.write(1000, new Uint8Array(10).fill(4))
  await right.write(1200, new Uint8Array(1).fill(4))
  await right.write(70_000, new Uint8Array(200_000).fill(4))
  // Across the border of two windows, and the very last byte.
  await right.write(4 * MiB - 5, new Uint8Array(10).fill(4))
  await right.write(12 * MiB - 1, new Uint8Array(1).fill(4))
  expect(await allDifferences(await rawDisk(left), await rawDisk(right))).toEqual([
    { offset: 1000, length: 201 },
    { offset: 70_000, length: 200_000 },
    { offset: 4 * MiB - 5, length: 10 },
    { offset: 12 * MiB - 1, length: 1 },
  ])
})

test('a longer disk is equal as long as its rest is zeros', async () => {
  const left = new MemoryStorage('left', new Uint8Array(MiB).fill(1))
  const right = new MemoryStorage('right', new Uint8Array(MiB).fill(1))
  await right.truncate(3 * MiB)
  expect(await compareDisks(await rawDisk(left), await rawDisk(right))).toEqual({ identical: true, sizeDiffers: true })
  await right.write(2 * MiB, new Uint8Array(10))
  expect(await compareDisks(await rawDisk(right), await rawDisk(left))).toEqual({ identical: true, sizeDiffers: true })
  await right.write(2 * MiB + 5, new Uint8Array([1]))
  const expected = { identical: false, firstDifference: 2 * MiB + 5, sizeDiffers: true }
  expect(await compareDisks(await rawDisk(left), await rawDisk(right))).toEqual(expected)
  expect(await compareDisks(await rawDisk(right), await rawDisk(left))).toEqual(expected)
})

test('what both share, and what is empty in both, is not read', async () => {
  const base = new FaultyStorage(new MemoryStorage('base', new Uint8Array(4 * MiB).fill(7)), {})
  const left = new MemoryStorage('left')
  await left.truncate(1024 * MiB)
  const sharing = () => diskOf(new RawLayer(base, 4 * MiB, 'read'))
  expect(await compareDisks(sharing(), sharing())).toEqual({ identical: true, sizeDiffers: false })
  expect(base.count('read')).toBe(0)
  expect(await planComparison(sharing(), sharing())).toBe(0)
  const empty = new MemoryStorage('right')
  await empty.truncate(1024 * MiB)
  expect(await planComparison(await rawDisk(left), await rawDisk(empty))).toBe(0)
  expect(await planComparison(await rawDisk(left), sharing())).toBe(4 * MiB)
})

describe('large files, in threads', () => {
  const size = 90 * MiB
  let left: Storage
  let right: Storage

  beforeAll(async () => {
    left = await newFile()
    right = await newFile()
    const bytes = new Uint8Array(MiB)
    for (let offset = 0; offset < size; offset += MiB) {
      bytes.fill(1 + offset / MiB, 1000, 300_000)
      await left.write(offset, bytes)
      await right.write(offset, bytes)
    }
  })

  afterAll(async () => {
    await left.close()
    await right.close()
  })

  test('are compared to the end, each byte reported once', async () => {
    let done = 0
    const pace = (bytes: number) => void (done += bytes)
    const disks = [await rawDisk(left), await rawDisk(right)] as const
    expect((await compareDisks(...disks, { pace, pool })).identical).toBe(true)
    expect(done).toBe(await planComparison(...disks))
    expect(done).toBe(size)
  })

  test('differ where a byte was changed, also far behind', async () => {
    const offsets = [80 * MiB + 123_457, 85 * MiB + 1, 89 * MiB]
    for (const offset of offsets) await right.write(offset, new Uint8Array([0xee]))
    const disks = [await rawDisk(left), await rawDisk(right)] as const
    expect((await compareDisks(...disks, { pool })).firstDifference).toBe(offsets[0])
    const found = await allDifferences(...disks)
    expect(found).toEqual(offsets.map((offset) => ({ offset, length: 1 })))
  })

  test('stop when cancelled', async () => {
    const controller = new AbortController()
    let done = 0
    const pace = (bytes: number) => {
      done += bytes
      if (done > 70 * MiB) controller.abort()
      return undefined
    }
    const work = compareDisks(await rawDisk(left), await rawDisk(right), {
      pace,
      signal: controller.signal,
    })
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
  })
})

test('a file that cannot be read is named', async () => {
  const inner = new MemoryStorage('broken', new Uint8Array(MiB).fill(1))
  const broken = new FaultyStorage(inner, { faults: [{ call: 'read', at: 3, code: 'io' }] })
  const whole = new MemoryStorage('whole', new Uint8Array(MiB).fill(1))
  const work = compareDisks(await rawDisk(broken), await rawDisk(whole))
  await expect(work).rejects.toMatchObject({ code: 'io', path: 'broken' })
  expect(await whole.size()).toBe(64 * KiB * 16)
})
