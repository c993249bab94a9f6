// Other options for images that are there: judged by what QEMU makes of the same, and cut off at any moment.

import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AmendJob } from '../../core/model/job.ts'
import { amend } from '../../core/operations/amend.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { undo, undoState } from '../../core/operations/undo.ts'
import { contentOf, partsDyingAfter } from '../helpers/chain.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'

const KiB = 1024

interface Made {
  readonly qemu: Qemu
  readonly path: string
  readonly snapshots: readonly string[]
}

/** An image of any kind with a random past, snapshots in it, and perhaps a raw disk below. */
function makeImage(qemu: Qemu, random: Random): Made {
  const compat = random.pick(['0.10', '1.1', '1.1'])
  const cluster = random.pick(['512', '4k', '64k'])
  const width = compat === '0.10' ? 16 : random.pick([8, 16, 16, 64])
  const lazy = compat === '1.1' && random.happens(0.3)
  const options = [
    `compat=${compat}`,
    `cluster_size=${cluster}`,
    `refcount_bits=${width}`,
    ...(lazy ? ['lazy_refcounts=on'] : []),
  ]
  const size = 4 * KiB * (20 + random.below(200))
  const hasBacking = random.happens(0.5)
  if (hasBacking) {
    qemu.img('create', '-q', '-f', 'raw', 'base', '1M')
    qemu.img('bench', '-q', '-w', '-c', '40', '-s', '8k', '--pattern=77', '-f', 'raw', 'base')
  }
  const backing = hasBacking ? ['-b', 'base', '-F', 'raw'] : []
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options.join(','), ...backing, 'disk', String(size))
  const snapshots: string[] = []
  for (let round = 0; round < 3; round += 1) {
    qemu.io(
      'disk',
      Array.from({ length: 8 }, () => randomCommand(random, size)),
    )
    if (random.happens(0.5)) {
      qemu.img('snapshot', '-c', `s${round}`, 'disk')
      snapshots.push(`s${round}`)
    }
  }
  return { qemu, path: join(qemu.folder, 'disk'), snapshots }
}

function randomCommand(random: Random, size: number): string {
  const start = 512 * random.below(size / 512)
  const length = Math.min(size - start, 512 * (1 + random.below(160)))
  const [from, to] = [Math.floor(start / 4096) * 4096, Math.min(size, Math.ceil((start + length) / 4096) * 4096)]
  return random.pick([
    `write -P ${1 + random.below(255)} ${start} ${length}`,
    `write -z ${start} ${length}`,
    `write -z -u ${from} ${to - from}`,
    `discard ${from} ${to - from}`,
  ])
}

const OPTIONS: readonly (readonly string[])[] = [
  ['compat=0.10'],
  ['compat=1.1'],
  ['refcount_bits=1'],
  ['refcount_bits=4'],
  ['refcount_bits=32'],
  ['lazy_refcounts=on'],
  ['lazy_refcounts=off'],
  ['compat=1.1', 'refcount_bits=64', 'lazy_refcounts=on'],
  ['compat=0.10', 'refcount_bits=16'],
  ['compat=0.10', 'lazy_refcounts=on'],
]

function jobOf(path: string, options: readonly string[], more: Partial<AmendJob> = {}): AmendJob {
  const values = options.map((one) => {
    const [name = '', text = ''] = one.split('=')
    if (name === 'refcount_bits') return [name, Number(text)] as const
    return [name, text === 'on' ? true : text === 'off' ? false : text] as const
  })
  return { kind: 'amend', path, options: Object.fromEntries(values), ...more }
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

function byQemu(qemu: Qemu, name: string, options: readonly string[]): boolean {
  try {
    qemu.img('amend', '-f', 'qcow2', '-o', options.join(','), name)
    return true
  } catch {
    return false
  }
}

function factsOf(qemu: Qemu, name: string): unknown {
  const {
    'actual-size': _,
    filename: __,
    children: ___,
    ...facts
  } = qemu.json('info', '-f', 'qcow2', name) as Record<string, unknown>
  return facts
}

function contents({ qemu, snapshots }: Made, name: string): readonly Buffer[] {
  return [[], ...snapshots.map((one) => ['-l', one])].map((words) => Buffer.from(qemu.content(name, ...words)))
}

describe.each(oracles())('beside qemu-img $version', (oracle) => {
  test.each(historySeeds(4))('an image becomes what qemu-img makes of it: seed %i', async (seed) => {
    const random = randomFrom(seed)
    const qemu = new Qemu(oracle, scratchFolder())
    const image = makeImage(qemu, random)
    const before = contents(image, 'disk')
    for (let round = 0; round < 3; round += 1) {
      const options = random.pick(OPTIONS)
      copyFileSync(image.path, join(qemu.folder, 'theirs'))
      const kept = readFileSync(image.path)
      const done = await succeeds(amend(jobOf(image.path, options), recorded().context, systemParts()))
      expect(done, options.join()).toBe(byQemu(qemu, 'theirs', options))
      expect(done || Buffer.compare(readFileSync(image.path), kept) === 0).toBe(true)
      expect(factsOf(qemu, 'disk')).toEqual(factsOf(qemu, 'theirs'))
      expect(qemu.check('disk'), options.join()).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
      for (const [index, bytes] of contents(image, 'disk').entries())
        expect(Buffer.compare(bytes, before[index] ?? Buffer.of()), `${options.join()} ${index}`).toBe(0)
      expect(existsSync(`${image.path}.spindle-undo`)).toBe(false)
    }
    // What was amended is an image like any other.
    qemu.io('disk', [`write -P 7 0 4k`])
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  })
})

test.each(historySeeds(1))('an amendment that is cut off changes nothing, or is done: seed %i', async (seed) => {
  const random = randomFrom(seed)
  const qemu = new Qemu(newestOracle(), scratchFolder())
  const { path } = makeImage(qemu, random)
  const [before, content] = [readFileSync(path), Buffer.from(qemu.content('disk'))]
  for (const options of [
    ['compat=1.1', 'refcount_bits=64'],
    ['refcount_bits=16', 'compat=0.10'],
  ]) {
    for (let changes = 0, done = false; !done; changes += 1 + Math.floor(changes / 4)) {
      const name = `${options.join()} ${changes}`
      copyFileSync(path, join(qemu.folder, name))
      const copy = join(qemu.folder, name)
      done = await succeeds(amend(jobOf(copy, options), recorded().context, partsDyingAfter(changes)))
      const state = await undoState(copy)
      if (state?.complete === false) await undo(copy)
      const isBefore = Buffer.compare(readFileSync(copy), before) === 0
      expect(isBefore || state?.complete !== false, `after ${changes} changes`).toBe(true)
      expect(Buffer.compare(await contentOf(qemu.folder, { name, format: 'qcow2' }), content)).toBe(0)
    }
  }
})

async function refused(words: readonly string[], prepare: (qemu: Qemu) => void, options = ['compat=0.10']) {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', ...words, 'disk', '1M')
  prepare(qemu)
  const path = join(qemu.folder, 'disk')
  const before = readFileSync(path)
  const error = await amend(jobOf(path, options), recorded().context, systemParts()).catch((thrown: Error) => thrown)
  expect(Buffer.compare(readFileSync(path), before)).toBe(0)
  expect(existsSync(`${path}.spindle-undo`)).toBe(false)
  return error instanceof Error ? error.message : 'not refused'
}

const nothing = (): void => {}

function resized(qemu: Qemu): void {
  qemu.img('snapshot', '-c', 'small', 'disk')
  qemu.img('resize', '-q', 'disk', '2M')
}

function packed(qemu: Qemu): void {
  qemu.io('disk', ['write -c -P 3 0 64k'])
}

describe('version 2', () => {
  test('is refused for what it cannot hold', async () => {
    expect(await refused(['-o', 'extended_l2=on'], nothing)).toMatch(/no subclusters/)
    expect(await refused(['-o', 'data_file=data'], nothing)).toMatch(/no external data file/)
    expect(await refused(['-o', 'refcount_bits=8'], nothing)).toMatch(/8 bits/)
    expect(await refused([], (qemu) => qemu.img('bitmap', '--add', 'disk', 'marks'))).toMatch(/no dirty bitmaps/)
    expect(await refused([], resized)).toMatch(/“small” is not/)
    expect(await refused(['-o', 'compression_type=zstd'], packed)).toMatch(/zstd/)
    expect(await refused(['-o', 'compat=0.10'], nothing, ['lazy_refcounts=on'])).toMatch(/version 3/)
    expect(await refused([], nothing, ['cluster_size=4k'])).toMatch(/cannot be changed in an image that is there/)
    expect(await refused([], nothing, ['data_file=other'])).toMatch(/keeps its data in itself/)
  })

  test('keeps what a snapshot shares with zeros of the disk', async () => {
    const qemu = new Qemu(newestOracle(), scratchFolder())
    qemu.img('create', '-q', '-f', 'raw', 'base', '1M')
    qemu.img('create', '-q', '-f', 'qcow2', '-b', 'base', '-F', 'raw', 'disk')
    qemu.io('disk', ['write -P 5 0 256k'])
    qemu.img('snapshot', '-c', 'full', 'disk')
    qemu.io('disk', ['write -z 0 128k', 'write -z 512k 64k'])
    await amend(jobOf(join(qemu.folder, 'disk'), ['compat=0.10']), recorded().context, systemParts())
    expect(
      qemu
        .content('disk', '-l', 'full')
        .subarray(0, 256 * KiB)
        .every((byte) => byte === 5),
    ).toBe(true)
    expect(
      qemu
        .content('disk')
        .subarray(0, 128 * KiB)
        .every((byte) => byte === 0),
    ).toBe(true)
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  })
})

test('a data file that has another name now is found again, and a raw one need not stay so', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'data_file=old,data_file_raw=on', 'disk', '1M')
  qemu.io('disk', ['write -P 5 0 256k'])
  const path = join(qemu.folder, 'disk')
  renameSync(join(qemu.folder, 'old'), join(qemu.folder, 'a new name'))
  await expect(openSource(path, undefined, systemParts())).rejects.toMatchObject({ code: 'missing-file' })
  await amend(jobOf(path, ['data_file=a new name']), recorded().context, systemParts())
  await amend(jobOf(path, ['data_file_raw=off']), recorded().context, systemParts())
  expect(factsOf(qemu, 'disk')).toMatchObject({
    'format-specific': { data: { 'data-file': 'a new name', 'data-file-raw': false } },
  })
  expect((await contentOf(qemu.folder, { name: 'disk', format: 'qcow2' }))[0]).toBe(5)
  await expect(amend(jobOf(path, ['data_file_raw=on']), recorded().context, systemParts())).rejects.toThrow(
    /cannot become one/,
  )
})

test('the format of the backing file can be stated afterwards, and all of it undone', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'raw', 'base', '1M')
  qemu.img('create', '-q', '-f', 'qcow2', '-u', '-b', 'base', '-F', 'qcow2', 'disk', '1M')
  const path = join(qemu.folder, 'disk')
  const before = readFileSync(path)
  const job = jobOf(path, ['refcount_bits=32'], { backingFormat: 'raw', keepUndo: true })
  await amend(job, recorded().context, systemParts())
  expect(factsOf(qemu, 'disk')).toMatchObject({
    'backing-filename-format': 'raw',
    'format-specific': { data: { 'refcount-bits': 32 } },
  })
  await undo(path)
  expect(Buffer.compare(readFileSync(path), before)).toBe(0)
})
