// Every operation that changes images in place, killed after any of its writes, with those since the last flush on disk or
// not: after an undo, where one is due, every image holds what it held before or what it is to hold, and leaks at worst.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AmendJob, Preallocation, SnapshotAction } from '../../../core/model/job.ts'
import { KiB } from '../../../core/model/units.ts'
import { amend } from '../../../core/operations/amend.ts'
import { bitmap } from '../../../core/operations/bitmap.ts'
import type { BitmapAction } from '../../../core/model/job.ts'
import { commit } from '../../../core/operations/commit.ts'
import type { Parts } from '../../../core/operations/parts.ts'
import { rebase } from '../../../core/operations/rebase.ts'
import { repair } from '../../../core/operations/repair.ts'
import { resize } from '../../../core/operations/resize.ts'
import { snapshot } from '../../../core/operations/snapshot.ts'
import { expectWhole } from '../../helpers/crashed-folder.ts'
import type { Link } from '../../helpers/chain.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { RecordedFiles } from '../../helpers/recorded-files.ts'
import { recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { seeds } from '../../helpers/seeds.ts'

/** Crashes looked at for each operation and seed; `SPINDLE_STATES=10000` takes every cut there is. */
const STATES = Number(process.env['SPINDLE_STATES'] ?? 8)

const RAW: Link = { name: 'base', format: 'raw' }
const MIDDLE: Link = { name: 'middle', format: 'qcow2' }
const TOP: Link = { name: 'top', format: 'qcow2' }
const OTHER: Link = { name: 'other', format: 'raw' }
const CHAIN = [RAW, MIDDLE, TOP, OTHER]

interface Operation {
  readonly name: string
  /** Bytes of TOP that are to be wrong before it begins. */
  readonly damage?: (image: Buffer) => Buffer
  /** Options TOP is made with; version 3 with clusters of 4 KiB otherwise. */
  readonly options?: string
  /** Where TOP is to have a snapshot and bitmaps. */
  readonly keeps?: 'snapshots' | 'bitmaps'
  readonly run: (path: (name: string) => string, parts: Parts) => Promise<unknown>
}

const { context } = recorded()

function snapshots(name: string, action: SnapshotAction): Operation {
  return {
    name,
    keeps: 'snapshots',
    run: (path, parts) => snapshot({ kind: 'snapshot', path: path('top'), action }, context, parts),
  }
}

function resizes(name: string, size: number, preallocation: Preallocation, options?: string): Operation {
  const job = { kind: 'resize', virtualSize: size, shrink: true, preallocation } as const
  return {
    name,
    ...(options !== undefined && { options }),
    run: (path, parts) => resize({ ...job, path: path('top') }, context, parts),
  }
}

function commits(name: string, keepTop: boolean, base?: string): Operation {
  const job = { kind: 'commit', keepTop, allowOthers: true } as const
  return {
    name,
    run: (path, parts) =>
      commit({ ...job, path: path('top'), ...(base !== undefined && { base: path(base) }) }, context, parts),
  }
}

function rebases(name: string, nameOnly: boolean, backing?: Link): Operation {
  const below = backing && { backing: { path: backing.name, format: backing.format } }
  return {
    name,
    run: (path, parts) => rebase({ kind: 'rebase', path: path('top'), nameOnly, ...below }, context, parts),
  }
}

function bitmaps(name: string, ...actions: readonly BitmapAction[]): Operation {
  const target = actions[0]?.kind === 'add' ? 'new' : 'one'
  return {
    name,
    keeps: 'bitmaps',
    run: (path, parts) => bitmap({ kind: 'bitmap', path: path('top'), name: target, actions }, context, parts),
  }
}

function amends(name: string, options: AmendJob['options'], made?: string): Operation {
  return {
    name,
    ...(made !== undefined && { options: made }),
    run: (path, parts) => amend({ kind: 'amend', path: path('top'), options }, context, parts),
  }
}

function repairs(
  name: string,
  mode: 'leaks' | 'all',
  damage: Operation['damage'],
  keeps?: Operation['keeps'],
): Operation {
  return {
    name,
    ...(damage && { damage }),
    ...(keeps && { keeps }),
    run: (path, parts) => repair({ kind: 'repair', path: path('top'), mode }, context, parts),
  }
}

const OPERATIONS: readonly Operation[] = [
  repairs('check -r leaks', 'leaks', withLeak),
  repairs('check -r all, leaks', 'all', withLeak),
  repairs('check -r all, counts of snapshots', 'all', withoutCounts, 'snapshots'),
  repairs('check -r all, counts and bitmaps', 'all', withoutCounts, 'bitmaps'),
  snapshots('taking a snapshot', { kind: 'create', name: 'new' }),
  snapshots('applying a snapshot', { kind: 'apply', id: '1' }),
  snapshots('deleting a snapshot', { kind: 'remove', id: '1' }),
  snapshots('renaming a snapshot', { kind: 'rename', id: '2', name: 'another name' }),
  resizes('growing', 400 * KiB, 'off'),
  resizes('growing, tables prepared', 380 * KiB, 'metadata'),
  resizes('growing, room reserved', 380 * KiB, 'falloc'),
  resizes('growing, all of it written', 380 * KiB, 'full'),
  resizes('shrinking', 100 * KiB + 512, 'off'),
  resizes('growing with a data file', 380 * KiB, 'metadata', 'data_file=top.data'),
  resizes('shrinking with a data file', 100 * KiB + 512, 'off', 'data_file=top.data'),
  resizes('growing, subclusters', 400 * KiB, 'metadata', 'cluster_size=16k,extended_l2=on'),
  commits('committing', false),
  commits('committing, and keeping the top full', true),
  commits('committing into the lowest', true, 'base'),
  rebases('rebasing', false, OTHER),
  rebases('rebasing to one further down', false, RAW),
  rebases('flattening', false),
  rebases('renaming what lies below', true, OTHER),
  rebases('forgetting what lies below', true),
  bitmaps('adding a bitmap', { kind: 'add' }),
  bitmaps('removing a bitmap', { kind: 'remove' }),
  bitmaps('clearing a bitmap', { kind: 'clear' }),
  bitmaps('disabling a bitmap', { kind: 'disable' }),
  bitmaps('merging bitmaps', { kind: 'merge', from: 'two' }),
  bitmaps('adding, merging and disabling', { kind: 'add' }, { kind: 'merge', from: 'two' }, { kind: 'disable' }),
  amends('amending to version 2', { compat: '0.10' }),
  amends('amending to version 3', { compat: '1.1' }, 'compat=0.10,cluster_size=4k'),
  amends('amending the width of counts', { refcount_bits: 64 }),
  amends('amending to narrower counts', { refcount_bits: 1 }),
  amends('amending to lazy counts', { lazy_refcounts: true }),
  amends('amending the name of the data file', { data_file: 'moved.data' }, 'data_file=top.data'),
]

test.for(seeds().flatMap((seed) => OPERATIONS.map((operation) => [operation.name, seed, operation] as const)))(
  'killed at any moment: %s (seed %i)',
  async ([, seed, operation]) => {
    const folder = make(operation)
    const recording = await RecordedFiles.of(folder, (parts) => operation.run((name) => join(folder, name), parts))
    const count = await expectWhole(recording, { links: CHAIN, after: folder, seed, limit: STATES })
    expect(count).toBeGreaterThan(0)
  },
)

/** A raw disk, two images on top of it and another raw disk, with the past that the operation needs. */
function make({ options = 'cluster_size=4k', keeps, damage }: Operation): string {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  const { folder } = qemu
  writeFileSync(join(folder, 'base'), rawDisk(1, 300 * KiB))
  writeFileSync(join(folder, 'other'), Buffer.concat([rawDisk(1, 100 * KiB), rawDisk(9, 250 * KiB)]))
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=8k', '-b', 'base', '-F', 'raw', 'middle', '280k')
  qemu.io('middle', ['write -P 2 40k 60k', 'write -z 200k 20k', 'discard 120k 16k'])
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options, '-b', 'middle', '-F', 'qcow2', 'top', '300k')
  qemu.io('top', ['write -P 3 10k 50k', 'write -z 100k 30k', 'write -P 4 250k 50k', 'discard 60k 8k'])
  if (keeps === 'snapshots') {
    qemu.img('snapshot', '-c', 'first', 'top')
    qemu.io('top', ['write -P 5 30k 100k'])
    qemu.img('snapshot', '-c', 'second', 'top')
    qemu.io('top', ['write -P 6 20k 30k', 'write -z 250k 20k'])
  }
  if (keeps === 'bitmaps') {
    for (const name of ['one', 'two']) qemu.img('bitmap', '--add', '-g', '4k', 'top', name)
    qemu.io('top', ['write -P 7 8k 20k'])
    qemu.img('bitmap', '--disable', 'top', 'one')
    qemu.io('top', ['write -P 8 90k 20k'])
  }
  // Before and after it is renamed, the image is to find it.
  if (options.includes('data_file')) copyFileSync(join(folder, 'top.data'), join(folder, 'moved.data'))
  if (damage) writeFileSync(join(folder, 'top'), damage(readFileSync(join(folder, 'top'))))
  return folder
}

/** Filled in its middle. */
function rawDisk(byte: number, size: number): Buffer {
  return Buffer.alloc(size).fill(byte, 24 * KiB, Math.min(size, 160 * KiB))
}

/** A cluster at the end of the file that is counted and that nothing uses. */
function withLeak(image: Buffer): Buffer {
  const counts = countsOf(image)
  const cluster = image.length / (4 * KiB)
  image.writeUInt16BE(1, counts + 2 * cluster)
  return Buffer.concat([image, Buffer.alloc(4 * KiB)])
}

/** All counts are zero. */
function withoutCounts(image: Buffer): Buffer {
  return image.fill(0, countsOf(image), countsOf(image) + 4 * KiB)
}

/** Where the first block of counts is, in bytes. */
function countsOf(image: Buffer): number {
  return Number(image.readBigUInt64BE(Number(image.readBigUInt64BE(48))))
}
