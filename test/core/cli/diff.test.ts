// `spindle diff`: the ranges are exactly those in which the bytes differ, between files, layers and snapshots.

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../../helpers/seeds.ts'
import type { Random } from '../../helpers/seeds.ts'
import { spindleHere } from '../../helpers/spindle.ts'
import { readFileSync, writeFileSync } from 'node:fs'

const SIZE = 2 * 1024 * 1024
const SECTOR = 512

interface Range {
  readonly start: number
  readonly length: number
  readonly partition?: number
}

interface Told {
  readonly ranges: readonly Range[]
  readonly identical: boolean
  readonly bytes: number
  readonly partitions: readonly { readonly partition?: number; readonly bytes: number }[]
}

async function diff(...options: readonly string[]): Promise<Told> {
  const { out, error, code } = await spindleHere('diff', '--output=json', ...options)
  expect(error).toBe('')
  const told = JSON.parse(out) as Told
  expect(code).toBe(told.identical ? 0 : 1)
  return told
}

/** Byte by byte; what is less than a sector apart is one range. */
function truth(one: Uint8Array, other: Uint8Array): readonly Range[] {
  const ranges: { start: number; length: number }[] = []
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    if ((one[at] ?? 0) === (other[at] ?? 0)) continue
    const last = ranges.at(-1)
    if (last && at - (last.start + last.length) < SECTOR) last.length = at + 1 - last.start
    else ranges.push({ start: at, length: 1 })
  }
  return ranges
}

function work(random: Random): readonly string[] {
  return Array.from({ length: 6 }, () => {
    const start = random.below(SIZE / SECTOR - 300)
    const kind = random.pick([`write -P ${1 + random.below(3)}`, 'write -z', 'discard'])
    return `${kind} ${start * SECTOR} ${(1 + random.below(299)) * SECTOR}`
  })
}

describe.each(historySeeds(5))('seed %i', (seed) => {
  test('between snapshots, layers and files, every range that differs is told and no other', async () => {
    const random = randomFrom(seed)
    const qemu = new Qemu(newestOracle(), scratchFolder())
    const at = (name: string): string => join(qemu.folder, name)
    const options = `cluster_size=${random.pick([512, 4096, 65536])}`
    qemu.img('create', '-q', '-f', 'qcow2', '-o', options, 'base', String(SIZE))
    qemu.io('base', work(random))
    qemu.img('create', '-q', '-f', 'qcow2', '-o', options, '-b', 'base', '-F', 'qcow2', 'top')
    qemu.io('top', work(random))
    qemu.img('snapshot', '-c', 'then', 'top')
    qemu.io('top', work(random))
    const bytes = (name: string, ...how: string[]): Uint8Array => {
      qemu.img('convert', '-O', 'raw', ...how, name, 'out')
      return readFileSync(at('out'))
    }
    const [base, then, now] = [bytes('base'), bytes('top', '-l', 'snapshot.name=then'), bytes('top')]
    expect((await diff(at('top'))).ranges).toEqual(truth(base, now))
    expect((await diff('--a-snapshot=then', at('top'))).ranges).toEqual(truth(then, now))
    expect((await diff('--b-snapshot=then', at('base'), at('top'))).ranges).toEqual(truth(base, then))
    writeFileSync(at('raw.img'), then)
    expect((await diff('-f', 'raw', '--b-snapshot', '1', at('raw.img'), at('top'))).identical).toBe(true)
  })
})

test('what differs is told by partition, for people and for programs', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder(), 'raw')
  const at = (name: string): string => join(qemu.folder, name)
  const disk = Buffer.alloc(SIZE)
  // Two partitions in an MBR, of 1024 sectors each.
  for (const [index, start] of [64, 1088].entries()) {
    const entry = 446 + index * 16
    disk[entry + 4] = 0x83
    disk.writeUInt32LE(start, entry + 8)
    disk.writeUInt32LE(1024, entry + 12)
  }
  disk.writeUInt16LE(0xaa55, 510)
  writeFileSync(at('a.img'), disk)
  disk.fill(1, 70 * SECTOR, 72 * SECTOR)
  disk.fill(1, 1200 * SECTOR, 1201 * SECTOR)
  disk.fill(1, 3000 * SECTOR, 3001 * SECTOR)
  writeFileSync(at('b.img'), disk)
  const told = await diff(at('a.img'), at('b.img'))
  expect(told.ranges.map(({ partition }) => partition)).toEqual([1, 2, undefined])
  expect(told.partitions.map(({ partition, bytes }) => [partition, bytes])).toEqual([
    [1, 1024],
    [2, 512],
    [undefined, 512],
  ])
  const { out, code } = await spindleHere('diff', at('a.img'), at('b.img'))
  expect(code).toBe(1)
  expect(out.split('\n')).toEqual([
    'Offset          Length          Partition',
    expect.stringMatching(/^35840 {11}1024 {12}1 /),
    expect.stringMatching(/^614400 {10}512 {13}2 /),
    '1536000         512',
    '',
    '2 KiB in 3 ranges',
    expect.stringMatching(/^ +1 KiB {2}1 /),
    expect.stringMatching(/^ +512 B {2}2 /),
    '     512 B  outside of all partitions',
    '',
  ])
})

test('of equal disks there is nothing to list, and what cannot be compared is said', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  const at = (name: string): string => join(qemu.folder, name)
  qemu.img('create', '-q', '-f', 'qcow2', 'one', '1M')
  expect(await spindleHere('diff', at('one'), at('one'))).toEqual({ code: 0, out: 'Nothing differs.\n', error: '' })
  expect(await spindleHere('diff', at('one'))).toMatchObject({
    code: 2,
    error: expect.stringContaining('no backing file'),
  })
  expect(await spindleHere('diff', '--a-snapshot=x', at('one'))).toMatchObject({
    code: 2,
    error: expect.stringContaining('no snapshot'),
  })
})
