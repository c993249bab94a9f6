// `map` and `measure` word for word as qemu-img has them, where images were allocated in advance or by halves.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

interface Case {
  readonly name: string
  /** As `-o` takes them. */
  readonly options: string
  readonly work: readonly string[]
  /** Of a raw disk below, if any. */
  readonly below?: string
}

const CASES: readonly Case[] = [
  { name: 'tables made in advance', options: 'preallocation=metadata', work: [] },
  { name: 'tables made in advance, some data', options: 'preallocation=metadata', work: ['write -P 1 100k 70k'] },
  {
    name: 'tables made in advance, some data taken back',
    options: 'preallocation=metadata,cluster_size=4k',
    work: ['write -P 1 100k 200k', 'write -z 120k 40k', 'discard 200k 20k'],
  },
  { name: 'room taken in advance', options: 'preallocation=falloc', work: ['write -P 1 100k 70k'] },
  { name: 'nothing in advance', options: 'cluster_size=64k', work: ['write -P 1 100k 70k', 'write -z 512k 64k'] },
  { name: 'parts of clusters', options: 'extended_l2=on', work: ['write -P 1 100k 7k', 'write -z 300k 10k'] },
  {
    name: 'parts of clusters above a shorter disk',
    options: 'extended_l2=on',
    work: ['write -P 1 100k 7k', 'write -z 300k 10k', 'write -P 2 600k 3k'],
    below: '420k',
  },
]

test.each(CASES)('$name', async ({ options, work, below }) => {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  if (below !== undefined) qemu.img('create', '-q', '-f', 'raw', 'base', below)
  const backing = below === undefined ? [] : ['-b', 'base', '-F', 'raw']
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options, ...backing, 'disk', '1M')
  if (work.length > 0) qemu.io('disk', work)
  const path = join(qemu.folder, 'disk')
  const map = ['map', '-f', 'qcow2', '--output=json'] as const
  expect((await spindleHere(...map, path)).out).toBe(qemu.img(...map, 'disk'))
  const measure = ['measure', '-f', 'qcow2', '-O', 'qcow2'] as const
  expect((await spindleHere(...measure, path)).out).toBe(qemu.img(...measure, 'disk'))
})
