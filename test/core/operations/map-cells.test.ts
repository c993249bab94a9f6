// What the map says each part holds, held against what qemu-img says of the same image.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MAP_STATES, stateBit, worstState } from '../../../core/model/map.ts'
import type { MapState } from '../../../core/model/map.ts'
import { openOperations } from '../../../core/index.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qcow2Places } from '../../helpers/qcow2-places.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../../helpers/seeds.ts'

const KiB = 1024
const SIZE = 4 * 1024 * KiB
const operations = openOperations()
const patient = new AbortController().signal

interface Row {
  readonly start: number
  readonly length: number
  readonly depth: number
  readonly present: boolean
  readonly zero: boolean
  readonly data: boolean
  readonly compressed?: boolean
  readonly offset?: number
}

function rowsOf(qemu: Qemu, name: string): readonly Row[] {
  return JSON.parse(qemu.img('map', '--output=json', name)) as readonly Row[]
}

function stateOf({ data, zero, depth, compressed, present }: Row): MapState {
  if (data) return depth > 0 ? 'backing' : compressed === true ? 'compressed' : 'data'
  return zero && present ? 'zero' : 'hole'
}

async function whole(path: string, cellSize: number, space: 'guest' | 'file' = 'guest', size = SIZE) {
  const cellCount = Math.ceil(size / cellSize)
  return operations.mapCells(path, { space, offset: 0, cellSize, cellCount }, { patient })
}

describe.each(historySeeds(6))('seed %i', (seed) => {
  test('every part is what qemu-img map says it is, and lies where it says', async () => {
    const random = randomFrom(seed)
    const qemu = new Qemu(newestOracle(), scratchFolder())
    const cluster = random.pick([512, 4 * KiB, 64 * KiB])
    const extended = cluster === 64 * KiB && random.happens(0.5)
    const options = `cluster_size=${cluster}${extended ? ',extended_l2=on' : ''}`
    const part = (): string => `${random.below(SIZE / 4096 - 40) * 4}k ${(1 + random.below(39)) * 4}k`
    const work = (): string[] =>
      Array.from({ length: 12 }, () => {
        const kind = random.pick(['write -P 7', 'write -P 7', 'write -z', 'write -z -u', 'discard'])
        return `${kind} ${part()}`
      })
    qemu.img('create', '-q', '-f', 'qcow2', '-o', options, 'base', String(SIZE))
    qemu.io('base', work())
    qemu.img('create', '-q', '-f', 'qcow2', '-o', options, '-b', 'base', '-F', 'qcow2', 'disk')
    const packed = extended ? [] : [`write -c -P 9 ${random.below(30) * 64}k 64k`]
    qemu.io('disk', [...packed, ...work()])

    const step = 512
    const expected = rowsOf(qemu, 'disk').flatMap((row) => Array(row.length / step).fill(stateOf(row)))
    const { cells, bytes } = await whole(join(qemu.folder, 'disk'), step)
    expect([...cells].map(worstState)).toEqual(expected)
    const sum = (state: MapState): number => expected.filter((one) => one === state).length * step
    expect(bytes).toEqual(MAP_STATES.map(sum))

    const { extents } = await operations.mapExtents(join(qemu.folder, 'disk'), 0, 1000)
    const told = extents.flatMap(({ offset, length, depth, states, hostOffset }) => {
      const isPlain = worstState(states) === 'data' || (depth > 0 && hostOffset !== undefined)
      return isPlain
        ? Array.from({ length: length / step }, (_, at) => [offset + at * step, Number(hostOffset) + at * step])
        : []
    })
    const places = rowsOf(qemu, 'disk').flatMap(({ start, length, data, compressed, offset }) =>
      data && compressed !== true
        ? Array.from({ length: length / step }, (_, at) => [start + at * step, Number(offset) + at * step])
        : [],
    )
    expect(told).toEqual(places)
  })
})

function withSnapshot(): Qemu {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', String(SIZE))
  qemu.io('disk', ['write -P 1 0 256k', 'write -c -P 2 512k 64k', 'write -c -P 3 640k 64k'])
  qemu.img('snapshot', '-c', 'one', 'disk')
  qemu.io('disk', ['write -P 4 64k 64k', 'write -P 5 640k 64k'])
  return qemu
}

describe('snapshots', () => {
  test('what the disk has together with a snapshot is told from what is its own', async () => {
    const qemu = withSnapshot()
    const { cells } = await whole(join(qemu.folder, 'disk'), 64 * KiB)
    const data = stateBit('data')
    const packed = stateBit('compressed')
    const shared = stateBit('shared')
    const [first, second] = [
      [data | shared, data, data | shared, data | shared],
      [packed | shared, 0, data],
    ]
    expect([...cells.subarray(0, 11)]).toEqual([...first, 0, 0, 0, 0, ...second])
  })

  test('in the file, tables, data and what only a snapshot keeps add up to what is counted as in use', async () => {
    const qemu = withSnapshot()
    const path = join(qemu.folder, 'disk')
    const size = readFileSync(path).length
    const { cells, hasFileMap } = await whole(path, 64 * KiB, 'file', size)
    expect(hasFileMap).toBe(true)
    const places = new Qcow2Places(readFileSync(path))
    const used = [...cells].map((bits) => bits !== 0)
    expect(used).toEqual([...cells].map((_, cluster) => places.count(cluster * 64 * KiB) > 0))
    expect([...cells].filter((bits) => (bits & (stateBit('leak') | stateBit('corrupt'))) !== 0)).toEqual([])
    const own = [...cells].filter((bits) => bits === stateBit('data')).length
    const both = [...cells].filter((bits) => bits === (stateBit('data') | stateBit('shared'))).length
    expect([own, both]).toEqual([2, 3])
  })
})

describe('damage', () => {
  test('an entry that leads nowhere is drawn as damage, and the rest as it is', async () => {
    const qemu = new Qemu(newestOracle(), scratchFolder())
    qemu.img('create', '-q', '-f', 'qcow2', 'disk', String(SIZE))
    qemu.io('disk', ['write -P 1 0 256k'])
    const path = join(qemu.folder, 'disk')
    const places = new Qcow2Places(readFileSync(path))
    places.set(places.l2Place(1), 2n ** 55n)
    writeFileSync(path, places.bytes)
    const { cells } = await whole(path, 64 * KiB)
    expect([...cells.subarray(0, 5)].map(worstState)).toEqual(['data', 'corrupt', 'data', 'data', 'hole'])
    const { extents } = await operations.mapExtents(path, 0, 10)
    expect(extents.map(({ length, states }) => [length / KiB, worstState(states)])).toEqual([
      [64, 'data'],
      [64, 'corrupt'],
      [128, 'data'],
      [SIZE / KiB - 256, 'hole'],
    ])
  })

  test('what the file keeps and nothing uses is drawn as leaked, as many clusters as qemu-img check counts', async () => {
    const qemu = new Qemu(newestOracle(), scratchFolder())
    qemu.img('create', '-q', '-f', 'qcow2', 'disk', String(SIZE))
    qemu.io('disk', ['write -P 1 0 1M'])
    const path = join(qemu.folder, 'disk')
    const places = new Qcow2Places(readFileSync(path))
    for (const index of [2, 3, 9]) places.set(places.l2Place(index), 0n)
    writeFileSync(path, places.bytes)
    const { cells } = await whole(path, 64 * KiB, 'file', places.bytes.length)
    expect([...cells].filter((bits) => worstState(bits) === 'leak').length).toBe(3)
    expect(qemu.check('disk').leaks).toBe(3)
  })
})

test('asked piece by piece a map is the same as asked at once', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=4k', 'disk', String(SIZE))
  qemu.io('disk', ['write -P 1 12k 100k', 'write -P 1 900k 8k', 'write -z 2M 300k'])
  const path = join(qemu.folder, 'disk')
  const cellSize = 20 * KiB
  const all = await whole(path, cellSize)
  const pieces: number[] = []
  for (let offset = 0; offset < SIZE; offset += 7 * cellSize) {
    pieces.push(...(await operations.mapCells(path, { space: 'guest', offset, cellSize, cellCount: 7 })).cells)
  }
  expect(pieces).toEqual([...all.cells])
})
