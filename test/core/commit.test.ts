// Committing an image into one below it: what every image of the chain shows before, after and when it is cut off.

import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commit } from '../../core/operations/commit.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { contentByQemu, contentOf, copyOf, makeLayer, makeRaw, partsDyingAfter, putBack } from '../helpers/chain.ts'
import type { Link } from '../helpers/chain.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'

function makeChain(qemu: Qemu, random: Random): readonly [Link, Link, Link] {
  const base = random.happens(0.5) ? makeRaw(qemu.folder, 'base', random) : makeLayer(qemu, 'base', random)
  const middle = makeLayer(qemu, 'middle', random, base)
  return [base, middle, makeLayer(qemu, 'top', random, middle)]
}

function contentOverlaid(below: Uint8Array, above: Uint8Array): Uint8Array {
  return Buffer.concat([above, below.subarray(Math.min(above.length, below.length))])
}

/** Undefined for what qemu-img cannot do: make a version 2 image with a backing file larger. */
function committedByQemu(qemu: Qemu, words: readonly string[], top: Link, target: Link): Uint8Array | undefined {
  try {
    qemu.img('commit', '-q', ...words, top.name)
  } catch (error) {
    if (String(error).includes('Operation not supported')) return undefined
    throw error
  }
  return contentByQemu(qemu, target)
}

function problems(qemu: Qemu, { name, format }: Link): string {
  if (format === 'raw') return ''
  const { corruptions, leaks, errors, text } = qemu.check(name)
  return corruptions + leaks + errors === 0 ? '' : `${name}: ${text}`
}

test.each(historySeeds(6))('a committed chain shows what it did, as by qemu-img commit: seed %i', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const links = makeChain(qemu, random)
  const [base, middle, top] = links
  const judge = copyOf(qemu, join(folder, 'judge'), links)
  const before = contentByQemu(qemu, top)
  const how = random.pick(['next', 'kept', 'lowest'])
  const target = how === 'lowest' ? base : middle
  const expected = Buffer.from(contentOverlaid(contentByQemu(qemu, target), before))
  const job = {
    kind: 'commit',
    path: join(folder, top.name),
    keepTop: how !== 'next',
    allowOthers: false,
    ...(how === 'lowest' && { base: join(folder, base.name) }),
  } as const
  await commit(job, recorded().context, systemParts())
  const words = how === 'lowest' ? ['-b', base.name] : how === 'kept' ? ['-d'] : []

  expect(Buffer.compare(contentByQemu(qemu, top), before)).toBe(0)
  expect(Buffer.compare(contentByQemu(qemu, target), expected)).toBe(0)
  expect(Buffer.compare(committedByQemu(judge, words, top, target) ?? expected, expected)).toBe(0)
  for (const { name, format } of links) {
    expect(problems(qemu, { name, format })).toBe('')
    expect(existsSync(join(folder, `${name}.spindle-undo`))).toBe(false)
  }
  if (how !== 'next') return
  const data = (qemu.json('map', '-f', 'qcow2', top.name) as { depth: number; present: boolean }[]).filter(
    ({ depth, present }) => depth === 0 && present,
  )
  expect(data).toEqual([])
})

test.each(historySeeds(1))('a commit that is cut off changes nothing, or is done: seed %i', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const links = makeChain(qemu, random)
  const [, middle, top] = links
  const run = async (place: string, parts = partsDyingAfter(Infinity)): Promise<number> => {
    const job = { kind: 'commit', path: join(place, top.name), keepTop: false, allowOthers: false } as const
    await commit(job, recorded().context, parts)
    return parts.count()
  }
  const whole = copyOf(qemu, join(folder, 'whole'), links).folder
  const changes = await run(whole)
  const before = await Promise.all(links.map((link) => contentOf(folder, link)))
  const after = await Promise.all(links.map((link) => contentOf(whole, link)))
  const step = Math.max(1, Math.ceil(changes / 10))
  for (let count = random.below(step); count < changes; count += step) {
    const cut = copyOf(qemu, join(folder, 'cut'), links)
    await expect(run(cut.folder, partsDyingAfter(count)), `after change ${count} of ${changes}`).rejects.toThrow(/dead/)
    await putBack(cut.folder, links)
    for (const [index, link] of links.entries()) {
      const found = await contentOf(cut.folder, link)
      const allowed = [before[index], after[index]].map((one) => one !== undefined && Buffer.compare(found, one) === 0)
      expect(allowed, `${link.name} after change ${count} of ${changes}`).toContain(true)
    }
    expect(Buffer.compare(await contentOf(cut.folder, top), before[2] ?? Buffer.alloc(0))).toBe(0)
    for (const { name } of [middle, top]) expect(cut.check(name)).toMatchObject({ corruptions: 0, errors: 0 })
  }
})

test('a commit into an image that others read through is refused, with the list', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(1)
  const base = makeRaw(folder, 'base', random)
  makeLayer(qemu, 'top', random, base)
  makeLayer(qemu, 'sibling', random, base)
  symlinkSync('sibling', join(folder, 'link'))
  const job = { kind: 'commit', path: join(folder, 'top'), keepTop: false, allowOthers: false } as const
  const before = contentByQemu(qemu, base)
  await expect(commit(job, recorded().context, systemParts())).rejects.toThrow(/sibling/)
  expect(Buffer.compare(contentByQemu(qemu, base), before)).toBe(0)
  await commit({ ...job, allowOthers: true }, recorded().context, systemParts())
  expect(Buffer.compare(contentByQemu(qemu, base), before)).not.toBe(0)
})

test('a commit is refused while a snapshot reads through the base', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(2)
  makeLayer(qemu, 'top', random, makeLayer(qemu, 'base', random))
  qemu.img('snapshot', '-c', 'monday', 'top')
  const before = contentByQemu(qemu, { name: 'top', format: 'qcow2' })
  const job = { kind: 'commit', path: join(folder, 'top'), keepTop: false, allowOthers: false } as const
  await expect(commit(job, recorded().context, systemParts())).rejects.toThrow(/monday/)
  await commit({ ...job, allowOthers: true }, recorded().context, systemParts())
  expect(Buffer.compare(contentByQemu(qemu, { name: 'top', format: 'qcow2' }), before)).toBe(0)
  expect(qemu.check('top')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
})

test('a cancelled commit leaves both images as they were', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(3)
  const base = makeRaw(folder, 'base', random)
  const top = makeLayer(qemu, 'top', random, base)
  const before = [contentByQemu(qemu, base), contentByQemu(qemu, top)]
  const job = { kind: 'commit', path: join(folder, 'top'), keepTop: false, allowOthers: false } as const
  const { context } = recorded(({ phase, done, total }) => phase === 'copy' && done > total / 2)
  await expect(commit(job, context, systemParts())).rejects.toThrow('Cancelled. Nothing was changed.')
  expect([contentByQemu(qemu, base), contentByQemu(qemu, top)]).toEqual(before)
})

test('without an image below, or with a base that is not below, nothing is committed', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const random = randomFrom(4)
  const alone = makeLayer(qemu, 'alone', random)
  makeLayer(qemu, 'top', random, alone)
  makeRaw(folder, 'stranger', random)
  const job = { kind: 'commit', path: join(folder, 'alone'), keepTop: false, allowOthers: false } as const
  await expect(commit(job, recorded().context, systemParts())).rejects.toThrow(/has no backing file/)
  const other = { ...job, path: join(folder, 'top'), base: join(folder, 'stranger') }
  await expect(commit(other, recorded().context, systemParts())).rejects.toThrow(/none of the images below/)
})

test('images with data files of their own are committed from and into', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const make = (name: string, size: string, ...backing: readonly string[]): Link => {
    qemu.img('create', '-q', '-f', 'qcow2', '-o', `data_file=${name}.data`, ...backing, name, size)
    return { name, format: 'qcow2' }
  }
  const base = make('base', '1M')
  const top = make('top', '2M', '-b', 'base', '-F', 'qcow2')
  qemu.io(base.name, ['write -P 1 0 512k'])
  qemu.io(top.name, ['write -P 2 100k 200k', 'write -z 384k 64k', 'write -P 3 1500k 100k'])
  const before = contentByQemu(qemu, top)
  const job = { kind: 'commit', path: join(folder, top.name), keepTop: false, allowOthers: false } as const
  await commit(job, recorded().context, systemParts())
  for (const link of [base, top]) {
    expect(Buffer.compare(contentByQemu(qemu, link), before)).toBe(0)
    expect(problems(qemu, link)).toBe('')
  }
})
