// What is killed: jobs of every kind, each on small images made for it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateJob, JobSpec, SnapshotAction } from '../../../core/model/job.ts'
import { KiB } from '../../../core/model/units.ts'
import type { OperationContext } from '../../../core/jobs/operation.ts'
import { bitmap } from '../../../core/operations/bitmap.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import type { Qemu } from '../../helpers/qemu.ts'

type At = (name: string) => string

export interface Case {
  readonly name: string
  readonly make: (qemu: Qemu) => void
  /** Images that are there before, each after what it lies on. */
  readonly images: readonly string[]
  /** Those that are there afterwards only. */
  readonly made?: readonly string[]
  /** What is asked of the engine; left out, `run` is done without it, and nothing is remembered. */
  readonly job?: (at: At) => JobSpec
  readonly run?: (at: At) => Promise<unknown>
  /** Several changes one after the other: in between, some images are as before and some as afterwards. */
  readonly inSteps?: boolean
}

const CHAIN = ['base', 'middle', 'top', 'other']

/** A raw disk, two images on top of it and another raw disk. */
function chain(qemu: Qemu, options = 'cluster_size=4k'): void {
  writeFileSync(join(qemu.folder, 'base'), disk(1, 300 * KiB))
  writeFileSync(join(qemu.folder, 'other'), Buffer.concat([disk(1, 100 * KiB), disk(9, 250 * KiB)]))
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=8k', '-b', 'base', '-F', 'raw', 'middle', '280k')
  qemu.io('middle', ['write -P 2 40k 60k', 'write -z 200k 20k', 'discard 120k 16k'])
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options, '-b', 'middle', '-F', 'qcow2', 'top', '300k')
  qemu.io('top', ['write -P 3 10k 50k', 'write -z 100k 30k', 'write -P 4 250k 50k', 'discard 60k 8k'])
}

function withSnapshots(qemu: Qemu): void {
  chain(qemu)
  qemu.img('snapshot', '-c', 'first', 'top')
  qemu.io('top', ['write -P 5 30k 100k'])
  qemu.img('snapshot', '-c', 'second', 'top')
  qemu.io('top', ['write -P 6 20k 30k', 'write -z 250k 20k'])
}

function withBitmaps(qemu: Qemu): void {
  chain(qemu)
  for (const name of ['one', 'two']) qemu.img('bitmap', '--add', '-g', '4k', 'top', name)
  qemu.io('top', ['write -P 7 8k 20k'])
}

/** A cluster at the end of the file that is counted and that nothing uses. */
function withLeak(qemu: Qemu): void {
  chain(qemu)
  const path = join(qemu.folder, 'top')
  const image = readFileSync(path)
  image.writeUInt16BE(1, countsOf(image) + 2 * (image.length / (4 * KiB)))
  writeFileSync(path, Buffer.concat([image, Buffer.alloc(4 * KiB)]))
}

function withoutCounts(qemu: Qemu): void {
  withSnapshots(qemu)
  const path = join(qemu.folder, 'top')
  const image = readFileSync(path)
  writeFileSync(path, image.fill(0, countsOf(image), countsOf(image) + 4 * KiB))
}

/** Where the first block of counts is, in bytes. */
function countsOf(image: Buffer): number {
  return Number(image.readBigUInt64BE(Number(image.readBigUInt64BE(48))))
}

/** Filled in its middle. */
function disk(byte: number, size: number): Buffer {
  return Buffer.alloc(size).fill(byte, 24 * KiB, Math.min(size, 160 * KiB))
}

function onTop(name: string, job: (path: string, at: At) => JobSpec, more: Partial<Case> = {}): Case {
  return { name, make: chain, images: CHAIN, job: (at) => job(at('top'), at), ...more }
}

function creates(format: CreateJob['format'], options: CreateJob['options'] = {}): Case {
  return {
    name: `creating ${format} ${JSON.stringify(options)}`,
    make: () => {},
    images: [],
    made: ['new'],
    job: (at) => ({ kind: 'create', target: at('new'), format, virtualSize: 512 * KiB, options }),
  }
}

function converts(
  format: CreateJob['format'],
  more: {
    readonly options?: CreateJob['options']
    readonly parts?: readonly string[]
    readonly over?: boolean
    readonly compress?: boolean
  } = {},
): Case {
  const { options = {}, parts = [], over = false, compress = false } = more
  const target = over ? 'other' : parts.length > 0 ? 'new.vmdk' : 'new'
  return {
    name: `converting to ${format} ${JSON.stringify(more)}`,
    make: chain,
    images: CHAIN,
    ...(!over && { made: [...parts, target] }),
    job: (at) => {
      const how = { options, compress, verify: true, overwrite: over }
      return { kind: 'convert', source: at('top'), target: at(target), format, ...how }
    },
  }
}

function snapshots(name: string, action: SnapshotAction): Case {
  return onTop(name, (path) => ({ kind: 'snapshot', path, action }), { make: withSnapshots })
}

function resizes(name: string, virtualSize: number, keepUndo = false, options?: string): Case {
  const how = { virtualSize, shrink: true, preallocation: 'off', keepUndo } as const
  return onTop(name, (path) => ({ kind: 'resize', path, ...how }), {
    ...(options !== undefined && { make: (qemu: Qemu) => chain(qemu, options), images: [...CHAIN, 'top.data'] }),
  })
}

export const CASES: readonly Case[] = [
  creates('qcow2', { preallocation: 'metadata' }),
  creates('raw'),
  creates('vdi'),
  creates('vhdx'),
  creates('vpc'),
  converts('qcow2', { compress: true }),
  converts('qcow2', { over: true }),
  converts('vhdx'),
  converts('vdi'),
  converts('vmdk', { options: { subformat: 'twoGbMaxExtentSparse' }, parts: ['new-s001.vmdk'] }),
  resizes('growing', 400 * KiB),
  resizes('growing, with a way back', 400 * KiB, true),
  resizes('shrinking', 100 * KiB + 512),
  resizes('growing with a data file', 380 * KiB, false, 'data_file=top.data'),
  snapshots('taking a snapshot', { kind: 'create', name: 'new' }),
  snapshots('going back to a snapshot', { kind: 'apply', id: '1' }),
  snapshots('deleting a snapshot', { kind: 'remove', id: '1' }),
  snapshots('renaming a snapshot', { kind: 'rename', id: '2', name: 'another name' }),
  onTop('committing', (path) => ({ kind: 'commit', path, keepTop: false, allowOthers: true }), { inSteps: true }),
  onTop(
    'committing into the lowest',
    (path, at) => {
      return { kind: 'commit', path, base: at('base'), keepTop: true, allowOthers: true }
    },
    { inSteps: true },
  ),
  onTop('rebasing', (path) => {
    return { kind: 'rebase', path, nameOnly: false, backing: { path: 'other', format: 'raw' } }
  }),
  onTop('renaming what lies below', (path) => {
    return { kind: 'rebase', path, nameOnly: true, backing: { path: 'other', format: 'raw' } }
  }),
  onTop('flattening', (path) => ({ kind: 'rebase', path, nameOnly: false })),
  onTop('amending to version 2', (path) => ({ kind: 'amend', path, options: { compat: '0.10' } })),
  onTop('amending the width of counts', (path) => ({ kind: 'amend', path, options: { refcount_bits: 64 } })),
  onTop('freeing leaks', (path) => ({ kind: 'repair', path, mode: 'leaks' }), { make: withLeak }),
  onTop('repairing counts', (path) => ({ kind: 'repair', path, mode: 'all' }), { make: withoutCounts }),
  {
    name: 'adding a bitmap',
    make: withBitmaps,
    images: CHAIN,
    run: (at) => {
      const context: OperationContext = {
        signal: new AbortController().signal,
        progress: () => {},
        pointOfNoReturn: () => {},
      }
      const spec = { kind: 'bitmap', path: at('top'), name: 'new' } as const
      return bitmap({ ...spec, actions: [{ kind: 'add' }, { kind: 'merge', from: 'two' }] }, context, systemParts())
    },
  },
]
