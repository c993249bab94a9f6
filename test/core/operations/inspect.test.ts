// Looking at images: what they are, what lies below them, and where their bytes are.

import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allocation } from '../../../core/operations/allocation.ts'
import { compare } from '../../../core/operations/compare.ts'
import { inspect } from '../../../core/operations/inspect.ts'
import { map } from '../../../core/operations/map.ts'
import { reachOf } from '../../../core/image/reach.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import type { CompareJob } from '../../../core/model/job.ts'
import type { MapRow } from '../../../core/model/image.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

// Overlays lie in a folder of their own here, and may use what is above it.
const parts = systemParts(
  'shared',
  undefined,
  undefined,
  reachOf(() => [tmpdir()]),
)
const { qemuImg, qemuIo } = newestOracle()

/** base.img (raw) ← overlays/middle.qcow2 ← overlays/top.qcow2 */
function chain(): { readonly folder: string; readonly at: (name: string) => string } {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  mkdirSync(at('overlays'))
  writeFileSync(at('base.img'), Buffer.alloc(MiB, 1))
  truncateSync(at('base.img'), 8 * MiB)
  const create = (name: string, backing: string, format: string): void => {
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', format, at(name)])
  }
  create('overlays/middle.qcow2', '../base.img', 'raw')
  create('overlays/top.qcow2', 'middle.qcow2', 'qcow2')
  execFileSync(qemuIo, ['-c', 'write -P 2 2M 128k', '-c', 'write -z 3M 1M', at('overlays/middle.qcow2')])
  execFileSync(qemuIo, ['-c', 'write -P 3 4M 64k', at('overlays/top.qcow2')])
  return { folder, at }
}

async function rowsOf(path: string, start?: number, length?: number): Promise<readonly MapRow[]> {
  const rows: MapRow[] = []
  const spec = { path, ...(start !== undefined && { start }), ...(length !== undefined && { length }) }
  for await (const some of map(spec, new AbortController().signal, parts)) rows.push(...some)
  return rows
}

describe('inspect', () => {
  test('tells of every layer, top first, with names as written and where they lead', async () => {
    const { at } = chain()
    const layers = await inspect({ path: at('overlays/top.qcow2'), chain: true }, parts)
    expect(layers.map(({ path, format, backing, backingPath }) => ({ path, format, backing, backingPath }))).toEqual([
      {
        path: at('overlays/top.qcow2'),
        format: 'qcow2',
        backing: { path: 'middle.qcow2', format: 'qcow2' },
        backingPath: at('overlays/middle.qcow2'),
      },
      {
        path: at('overlays/middle.qcow2'),
        format: 'qcow2',
        backing: { path: '../base.img', format: 'raw' },
        backingPath: at('base.img'),
      },
      { path: at('base.img'), format: 'raw' },
    ])
    expect(layers.every((layer) => layer.virtualSize === 8 * MiB && layer.unreadable === undefined)).toBe(true)
  })

  test('without the chain opens no second file', async () => {
    const { at } = chain()
    rmSync(at('overlays/middle.qcow2'))
    const layers = await inspect({ path: at('overlays/top.qcow2'), chain: false }, parts)
    expect(layers).toHaveLength(1)
    expect(layers[0]).not.toHaveProperty('unreadable')
  })

  test('a missing base ends the list at the image that needs it, with the reason', async () => {
    const { at } = chain()
    renameSync(at('base.img'), at('elsewhere.img'))
    const layers = await inspect({ path: at('overlays/top.qcow2'), chain: true }, parts)
    expect(layers.map((layer) => layer.path)).toEqual([at('overlays/top.qcow2'), at('overlays/middle.qcow2')])
    expect(layers[1]?.unreadable).toMatchObject({
      code: 'missing-file',
      message: expect.stringContaining(at('base.img')),
    })
  })

  test('a base that is damaged ends the list as well', async () => {
    const { at } = chain()
    writeFileSync(at('overlays/middle.qcow2'), 'QFI\u00fb')
    const layers = await inspect({ path: at('overlays/top.qcow2'), chain: true }, parts)
    expect(layers).toHaveLength(1)
    expect(layers[0]?.unreadable).toMatchObject({ code: 'invalid-image' })
  })

  test('a chain that loops is told as one', async () => {
    const folder = scratchFolder()
    for (const [name, backing] of [
      ['a.qcow2', 'b.qcow2'],
      ['b.qcow2', 'a.qcow2'],
    ] as const) {
      execFileSync(qemuImg, [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-u',
        '-b',
        backing,
        '-F',
        'qcow2',
        join(folder, name),
        '1M',
      ])
    }
    const layers = await inspect({ path: join(folder, 'a.qcow2'), chain: true }, parts)
    expect(layers).toHaveLength(2)
    expect(layers[1]?.unreadable).toMatchObject({ code: 'invalid-image', message: expect.stringContaining('loops') })
  })

  test('an image whose data file is gone is described, though it cannot be read', async () => {
    const folder = scratchFolder()
    const words = ['create', '-q', '-f', 'qcow2', '-o', 'data_file=data.raw', 'disk.qcow2', '1M']
    execFileSync(qemuImg, words, { cwd: folder })
    rmSync(join(folder, 'data.raw'))
    const [facts] = await inspect({ path: join(folder, 'disk.qcow2'), chain: true }, parts)
    expect(facts).toMatchObject({ virtualSize: MiB, unreadable: { code: 'missing-file' } })
  })
})

describe('map', () => {
  test('says what is in which layer, and leaves out none of the disk', async () => {
    const { at } = chain()
    const rows = await rowsOf(at('overlays/top.qcow2'))
    const short = rows.map(({ start, length, depth, data }) => [start / KiB, length / KiB, depth, data])
    expect(short).toEqual([
      [0, 1024, 2, true],
      [1024, 1024, 2, false],
      [2048, 128, 1, true],
      [2176, 896, 2, false],
      [3072, 1024, 1, false],
      [4096, 64, 0, true],
      [4160, 4032, 2, false],
    ])
    expect(rows[0]).toMatchObject({ offset: 0, path: at('base.img'), present: true, zero: false })
  })

  test('of a part begins and ends there, and past the end there is nothing', async () => {
    const { at } = chain()
    const rows = await rowsOf(at('overlays/top.qcow2'), 2 * MiB + 4096, 256 * KiB)
    expect(rows.map(({ start, length }) => [start, length])).toEqual([
      [2 * MiB + 4096, 124 * KiB],
      [2 * MiB + 128 * KiB, 132 * KiB],
    ])
    expect(await rowsOf(at('overlays/top.qcow2'), 9 * MiB)).toEqual([])
  })
})

describe('allocation', () => {
  test('shows each state and counts all bytes of the disk', async () => {
    const { at } = chain()
    const strip = await allocation(at('overlays/top.qcow2'), 8, parts)
    expect(strip.cells).toEqual(['backing', 'zero', 'backing', 'zero', 'data', 'zero', 'zero', 'zero'])
    expect(strip.totals).toEqual({
      hole: 0,
      zero: 8 * MiB - MiB - 192 * KiB,
      data: 64 * KiB,
      compressed: 0,
      backing: MiB + 128 * KiB,
    })
  })

  test('a little data shows in a cell that is otherwise empty', async () => {
    const folder = scratchFolder()
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', join(folder, 'big.qcow2'), '1T'])
    execFileSync(qemuIo, ['-c', 'write 700G 64k', join(folder, 'big.qcow2')])
    const { cells } = await allocation(join(folder, 'big.qcow2'), 100, parts)
    expect(cells.flatMap((state, index) => (state === 'hole' ? [] : [[index, state]]))).toEqual([[68, 'data']])
  })

  test('more cells than bytes, and a disk without bytes, are no trouble', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'small.img'), 'abc')
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', join(folder, 'empty.qcow2'), '0'])
    expect((await allocation(join(folder, 'small.img'), 9, parts)).cells.filter((one) => one === 'data')).toHaveLength(
      3,
    )
    expect((await allocation(join(folder, 'empty.qcow2'), 3, parts)).cells).toEqual(['hole', 'hole', 'hole'])
  })

  test.each([0, -1, 1.5, Number.NaN, 1e9])('%d cells are refused', async (count) => {
    await expect(allocation('/nowhere', count, parts)).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

function job(left: string, right: string, strict = false): CompareJob {
  return { kind: 'compare', left, right, strict }
}

describe('compare', () => {
  test('finds two ways of storing the same disk identical, though not strictly', async () => {
    const { at } = chain()
    execFileSync(qemuImg, ['convert', '-O', 'raw', at('overlays/top.qcow2'), at('flat.img')])
    const both = [at('overlays/top.qcow2'), at('flat.img')] as const
    expect(await compare(job(...both), recorded().context, parts)).toEqual({
      kind: 'compare',
      identical: true,
      sizeDiffers: false,
      commonSize: 8 * MiB,
      warnings: [],
    })
    // The hole of a qcow2 that nothing lies below is no zero of a raw file.
    execFileSync(qemuImg, ['convert', '-O', 'qcow2', at('flat.img'), at('flat.qcow2')])
    const strict = await compare(job(at('flat.img'), at('flat.qcow2'), true), recorded().context, parts)
    expect(strict).toMatchObject({ identical: false, allocationDifference: MiB })
  })

  test('names the first byte that differs', async () => {
    const { at } = chain()
    execFileSync(qemuImg, ['convert', '-O', 'raw', at('overlays/top.qcow2'), at('flat.img')])
    execFileSync(qemuIo, ['-f', 'raw', '-c', 'write -P 9 4196352 512', at('flat.img')])
    const result = await compare(job(at('flat.img'), at('overlays/top.qcow2')), recorded().context, parts)
    expect(result).toMatchObject({ identical: false, firstDifference: 4_196_352 })
  })

  test('a longer disk is the same when its rest is zeros, and strictly it is not', async () => {
    const folder = scratchFolder()
    const [short, long] = [join(folder, 'short.img'), join(folder, 'long.img')]
    writeFileSync(short, Buffer.alloc(MiB, 1))
    writeFileSync(long, Buffer.alloc(MiB, 1))
    truncateSync(long, 2 * MiB)
    expect(await compare(job(short, long), recorded().context, parts)).toMatchObject({
      identical: true,
      sizeDiffers: true,
    })
    expect(await compare(job(short, long, true), recorded().context, parts)).toMatchObject({ identical: false })
  })

  test('stops when it is cancelled', async () => {
    const { at } = chain()
    const { context } = recorded((now) => now.phase === 'verify')
    const attempt = compare(job(at('overlays/top.qcow2'), at('base.img')), context, parts)
    await expect(attempt).rejects.toMatchObject({ code: 'cancelled' })
  })
})
