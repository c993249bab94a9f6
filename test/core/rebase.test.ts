// Another image below the same disk: what the guest sees before, after and when it is cut off.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RebaseJob } from '../../core/model/job.ts'
import { inspect } from '../../core/operations/inspect.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { rebase } from '../../core/operations/rebase.ts'
import { contentByQemu, contentOf, copyOf, makeLayer, makeRaw, partsDyingAfter, putBack } from '../helpers/chain.ts'
import type { Link } from '../helpers/chain.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'

const CLEAN = { corruptions: 0, leaks: 0, errors: 0 }

interface World {
  readonly qemu: Qemu
  readonly links: readonly Link[]
  readonly top: Link
  /** What is to lie below; undefined for nothing. */
  readonly next: Link | undefined
}

/** A chain of up to three, and something to lie below its top instead: another image, the lowest one, or nothing. */
function makeWorld(folder: string, random: Random): World {
  const qemu = new Qemu(newestOracle(), folder)
  const base = random.happens(0.5) ? makeRaw(folder, 'base', random) : makeLayer(qemu, 'base', random)
  const middle = makeLayer(qemu, 'middle', random, base)
  const other = random.happens(0.5) ? makeRaw(folder, 'other', random) : makeLayer(qemu, 'other', random, base)
  const top = makeLayer(qemu, 'top', random, random.happens(0.85) ? middle : undefined)
  return { qemu, links: [base, middle, other, top], top, next: [base, other, other, undefined][random.below(4)] }
}

function jobFor({ top, next }: World, folder: string): RebaseJob {
  return {
    kind: 'rebase',
    path: join(folder, top.name),
    nameOnly: false,
    ...(next && { backing: { path: next.name, format: next.format } }),
  }
}

test.each(historySeeds(6))('the guest sees the same over another image: seed %i', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const world = makeWorld(folder, random)
  const { qemu, links, top, next } = world
  const judge = copyOf(qemu, join(folder, 'judge'), links)
  const before = contentByQemu(qemu, top)
  const below = links.slice(0, 3).map(({ name }) => readFileSync(join(folder, name)))
  await rebase(jobFor(world, folder), recorded().context, systemParts())
  judge.img('rebase', '-f', 'qcow2', '-b', next?.name ?? '', ...(next ? ['-F', next.format] : []), top.name)

  expect(Buffer.compare(contentByQemu(qemu, top), before)).toBe(0)
  expect(Buffer.compare(contentByQemu(judge, top), before)).toBe(0)
  expect(qemu.check(top.name)).toMatchObject(CLEAN)
  const names = (where: Qemu): unknown => {
    const info = where.json('info', top.name) as Record<string, unknown>
    return [info['backing-filename'], info['backing-filename-format']]
  }
  expect(names(qemu)).toEqual(names(judge))
  for (const [index, bytes] of below.entries()) {
    expect(Buffer.compare(readFileSync(join(folder, links[index]?.name ?? '')), bytes)).toBe(0)
  }
})

test.each(historySeeds(1))('a rebase that is cut off changes nothing, or is done: seed %i', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const world = makeWorld(folder, random)
  const { qemu, links, top } = world
  const run = async (place: string, parts = partsDyingAfter(Infinity)): Promise<number> => {
    await rebase(jobFor(world, place), recorded().context, parts)
    return parts.count()
  }
  const changes = await run(copyOf(qemu, join(folder, 'whole'), links).folder)
  const before = await contentOf(folder, top)
  const step = Math.max(1, Math.ceil(changes / 10))
  for (let count = random.below(step); count < changes; count += step) {
    const cut = copyOf(qemu, join(folder, 'cut'), links)
    await expect(run(cut.folder, partsDyingAfter(count)), `after change ${count} of ${changes}`).rejects.toThrow(/dead/)
    await putBack(cut.folder, links)
    const found = await contentOf(cut.folder, top)
    expect(Buffer.compare(found, before), `after change ${count} of ${changes}`).toBe(0)
    expect(cut.check(top.name)).toMatchObject({ corruptions: 0, errors: 0 })
  }
})

test('the name alone changes where that is asked for, and header extensions stay', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(1)
  makeLayer(qemu, 'top', random, makeRaw(folder, 'base', random))
  const job = { kind: 'rebase', path: join(folder, 'top'), nameOnly: true } as const
  const features = (): string => readFileSync(join(folder, 'top')).subarray(0, 4096).toString('latin1')
  const backing = { path: 'a-much-longer-name-of-a-file-that-is-not-there', format: 'qcow2' } as const
  const hadNames = features().includes('dirty bit')
  await rebase({ ...job, backing }, recorded().context, systemParts())
  const [facts] = await inspect({ path: job.path, chain: false }, systemParts())
  expect(facts?.backing).toEqual(backing)
  expect(features().includes('dirty bit')).toBe(hadNames)
  await rebase(job, recorded().context, systemParts())
  expect((await inspect({ path: job.path, chain: false }, systemParts()))[0]?.backing).toBeUndefined()
  expect(features()).not.toContain('much-longer')
  expect(qemu.check('top')).toMatchObject(CLEAN)
})

test('names that are too long, loops, missing files and formats without names are refused', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(2)
  const base = makeRaw(folder, 'base', random)
  const top = makeLayer(qemu, 'top', random, base)
  makeLayer(qemu, 'above', random, top)
  const before = readFileSync(join(folder, 'top'))
  const job = { kind: 'rebase', path: join(folder, 'top'), nameOnly: false } as const
  const refused = async (more: Partial<RebaseJob>, words: RegExp): Promise<void> => {
    await expect(rebase({ ...job, ...more }, recorded().context, systemParts())).rejects.toThrow(words)
  }
  await refused({ nameOnly: true, backing: { path: 'x'.repeat(1024), format: 'raw' } }, /has no room for the name/)
  await refused({ backing: { path: 'top', format: 'qcow2' } }, /cannot lie below it/)
  await refused({ backing: { path: 'above', format: 'qcow2' } }, /cannot lie below it/)
  await refused({ backing: { path: 'nothing-there', format: 'raw' } }, /nothing-there/)
  await refused({ path: join(folder, 'base'), format: 'raw' }, /raw format, whose backing file/)
  expect(Buffer.compare(readFileSync(join(folder, 'top')), before)).toBe(0)
})

test('snapshots that would show other data keep an image where it is', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(3)
  makeLayer(qemu, 'top', random, makeRaw(folder, 'base', random))
  qemu.img('snapshot', '-c', 'monday', 'top')
  const job = { kind: 'rebase', path: join(folder, 'top'), nameOnly: false } as const
  await expect(rebase(job, recorded().context, systemParts())).rejects.toThrow(/monday/)
  expect(qemu.check('top')).toMatchObject(CLEAN)
})

test('an image with a data file of its own keeps it', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(4)
  makeRaw(folder, 'base', random)
  makeRaw(folder, 'other', random)
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'data_file=top.data', '-b', 'base', '-F', 'raw', 'top', '2M')
  qemu.io('top', ['write -P 2 100k 20k', 'write -z 384k 64k'])
  const top = { name: 'top', format: 'qcow2' } as const
  const before = contentByQemu(qemu, top)
  const job = { kind: 'rebase', path: join(folder, 'top'), nameOnly: false } as const
  await rebase({ ...job, backing: { path: 'other', format: 'raw' } }, recorded().context, systemParts())
  expect(Buffer.compare(contentByQemu(qemu, top), before)).toBe(0)
  await rebase(job, recorded().context, systemParts())
  expect(Buffer.compare(contentByQemu(qemu, top), before)).toBe(0)
  expect(qemu.check('top')).toMatchObject(CLEAN)
})

test.each(historySeeds(3))('what is taken in is packed where that was asked for: seed %i', async (seed) => {
  const random = randomFrom(seed)
  const qemu = new Qemu(newestOracle(), scratchFolder())
  const cluster = random.pick(['4k', '64k', '64k,extended_l2=on', '64k,compression_type=zstd', '512'])
  qemu.img('create', '-q', '-f', 'qcow2', '-o', `cluster_size=${cluster}`, 'base', '1500k')
  qemu.io('base', ['write -P 3 100k 600k', 'write -z 300k 64k', 'write -P 4 1100k 399k'])
  qemu.img('create', '-q', '-f', 'qcow2', '-o', `cluster_size=${cluster}`, '-b', 'base', '-F', 'qcow2', 'disk')
  qemu.io(
    'disk',
    Array.from(
      { length: 6 },
      () => `write -P ${1 + random.below(255)} ${512 * random.below(2000)} ${512 * (1 + random.below(90))}`,
    ),
  )
  const top = { name: 'disk', format: 'qcow2' } as const
  const before = contentByQemu(qemu, top)
  const job = { kind: 'rebase', path: join(qemu.folder, 'disk'), nameOnly: false, compress: true } as const
  await rebase(job, recorded().context, systemParts())
  expect(Buffer.compare(contentByQemu(qemu, top), before)).toBe(0)
  expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  expect(qemu.totals('disk')?.compressedClusters).toBeGreaterThan(0)
  // Packed data is written over like any other.
  qemu.io('disk', ['write -P 9 0 1500k'])
  expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
})

test('an image that cannot hold packed data says so, and is not changed', async () => {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', 'base', '1M')
  qemu.io('base', ['write -P 3 0 64k'])
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'data_file=data', '-b', 'base', '-F', 'qcow2', 'disk')
  const before = readFileSync(join(qemu.folder, 'disk'))
  const job = { kind: 'rebase', path: join(qemu.folder, 'disk'), nameOnly: false, compress: true } as const
  await expect(rebase(job, recorded().context, systemParts())).rejects.toThrow(/cannot hold packed data/)
  expect(Buffer.compare(readFileSync(join(qemu.folder, 'disk')), before)).toBe(0)
})
