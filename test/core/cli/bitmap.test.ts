// `spindle bitmap` beside `qemu-img bitmap`: the same commands, then the same bitmaps, in images that both find sound.

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { BITMAP_ENTRY } from '../../../core/formats/qcow2/layout.ts'
import { openLayer } from '../../../core/image/chain.ts'
import type { GuestRange } from '../../../core/image/facets.ts'
import { closedGate } from '../../../core/image/gate.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import type { OpenFile } from '../../../core/image/gate.ts'
import { openOperations } from '../../../core/operations/index.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import type { Storage } from '../../../core/storage/storage.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { sharedFolder } from '../../helpers/scratch.ts'
import { randomFrom, seeds } from '../../helpers/seeds.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'

const oracle = newestOracle()
const folder = sharedFolder()
const qemu = new Qemu(oracle, folder)
const at = (name: string): string => join(folder, name)

/** Marks what is written, in bitmaps that are enabled. */
function write(name: string, ...commands: readonly string[]): void {
  execFileSync(oracle.qemuIo, [...commands.flatMap((one) => ['-c', one]), at(name)], { cwd: folder })
}

function bitmapsOf(name: string): unknown {
  const { 'format-specific': specific } = qemu.json('info', name) as {
    'format-specific': { data: { bitmaps?: unknown } }
  }
  return specific.data.bitmaps
}

async function rangesOf(name: string, bitmap: string): Promise<readonly GuestRange[]> {
  const parts = { ...systemParts(), gate: closedGate }
  await using layer = await openLayer(await parts.openFile(at(name), 'read'), 'qcow2', 'read', parts)
  const ranges: GuestRange[] = []
  for await (const range of layer.bitmaps?.read(bitmap) ?? []) ranges.push(range)
  return ranges
}

const SOUND = { corruptions: 0, leaks: 0, errors: 0, text: '' }

beforeAll(() => {
  qemu.img('create', '-q', '-f', 'qcow2', 'base.qcow2', '64M')
  for (const name of ['one', 'two']) qemu.img('bitmap', '--add', 'base.qcow2', name)
  qemu.img('bitmap', '--add', '-g', '512', 'base.qcow2', 'fine')
  write('base.qcow2', 'write 1M 64k', 'write 10M 1', 'write 63M 1M')
  qemu.img('bitmap', '--disable', 'base.qcow2', 'one')
  write('base.qcow2', 'write 30M 100k')
})

/** A copy of the base image under this name. */
function fresh(name: string): string {
  copyFileSync(at('base.qcow2'), at(name))
  return name
}

test('the ranges a bitmap marks are those that were written', async () => {
  expect(await rangesOf('base.qcow2', 'one')).toEqual([
    { offset: MiB, length: 64 * KiB },
    { offset: 10 * MiB, length: 64 * KiB },
    { offset: 63 * MiB, length: MiB },
  ])
  expect(await rangesOf('base.qcow2', 'fine')).toEqual([
    { offset: MiB, length: 64 * KiB },
    { offset: 10 * MiB, length: 512 },
    { offset: 30 * MiB, length: 100 * KiB },
    { offset: 63 * MiB, length: MiB },
  ])
})

const COMMANDS: readonly (readonly string[])[] = [
  ['--add', 'new'],
  ['--add', '-g', '4k', 'new'],
  ['--add', '--disable', '--merge', 'fine', 'new'],
  ['--add', '-g', '1M', '--merge', 'fine', '--merge', 'one', 'new'],
  ['--remove', 'two'],
  ['--clear', 'fine'],
  ['--disable', 'two'],
  ['--enable', 'one'],
  ['--merge', 'two', 'one'],
  ['--merge', 'one', 'one'],
  ['--remove', '--add', '-g', '512', 'one'],
  ['--merge', 'fine', '-b', 'other.qcow2', '-F', 'qcow2', 'one'],
]

describe('each command leaves what qemu-img leaves', () => {
  test.each(COMMANDS)('%s %s %s %s %s %s %s', async (...given) => {
    const command = given.filter((one) => one !== undefined)
    const name = command.at(-1) ?? ''
    copyFileSync(at('base.qcow2'), at('other.qcow2'))
    write('other.qcow2', 'write 5M 3M')
    const [ours, theirs] = [fresh('ours.qcow2'), fresh('theirs.qcow2')]
    qemu.img('bitmap', ...command.slice(0, -1), theirs, name)
    const here = command.slice(0, -1).map((word) => (word === 'other.qcow2' ? at(word) : word))
    expect(await spindleHere('bitmap', ...here, at(ours), name)).toEqual({ code: 0, out: '', error: '' })
    expect(bitmapsOf(ours)).toEqual(bitmapsOf(theirs))
    expect(qemu.check(ours)).toEqual(SOUND)
    for (const bitmap of ['one', 'two', 'fine', 'new']) {
      if (!JSON.stringify(bitmapsOf(ours)).includes(`"${bitmap}"`)) continue
      expect(await rangesOf(ours, bitmap), bitmap).toEqual(await rangesOf(theirs, bitmap))
    }
  })
})

test.for(seeds())('any number of commands, by either program in turn, keep the image sound (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  qemu.img('create', '-q', '-f', 'raw', 'a base', '1M')
  const options = ['-o', 'cluster_size=1k', '-F', 'raw', '-b', 'a base']
  for (const name of ['mixed.qcow2', 'theirs.qcow2']) {
    qemu.img('create', '-q', '-f', 'qcow2', ...options, name, '90M')
    qemu.img('bitmap', '--add', '-g', '512', name, 'kept')
    write(name, 'write 3M 20k', 'write 8190k 4k', 'write 40M 9M', 'write 94371328 512')
  }
  for (let step = 0; step < 8; step += 1) {
    const name = random.pick(['a', 'b'])
    const words = random.pick([
      ['--add'],
      ['--add', '-g', '512'],
      ['--add', '--merge', 'kept'],
      ['--clear'],
      ['--enable'],
      ['--disable'],
      ['--merge', 'kept'],
      ['--merge', 'a'],
      ['--remove'],
    ])
    const theirs = runProgram([oracle.qemuImg, 'bitmap', ...words, 'theirs.qcow2', name], folder).code
    const mixed = random.happens(0.7)
      ? (await spindleHere('bitmap', ...words, at('mixed.qcow2'), name)).code
      : runProgram([oracle.qemuImg, 'bitmap', ...words, 'mixed.qcow2', name], folder).code
    expect(mixed, `step ${step}: ${words.join(' ')} ${name}`).toBe(theirs)
    expect(bitmapsOf('mixed.qcow2'), `step ${step}`).toEqual(bitmapsOf('theirs.qcow2'))
    expect(qemu.check('mixed.qcow2'), `step ${step}`).toEqual(SOUND)
  }
  for (const { name } of (bitmapsOf('theirs.qcow2') as readonly { readonly name: string }[] | undefined) ?? [])
    expect(await rangesOf('mixed.qcow2', name), name).toEqual(await rangesOf('theirs.qcow2', name))
  expect(qemu.json('info', 'mixed.qcow2')).toMatchObject({ 'backing-filename': 'a base' })
})

test('what we marked, qemu-img merges', async () => {
  const name = fresh('merged.qcow2')
  expect((await spindleHere('bitmap', '--add', '-g', '8k', '--merge', 'fine', at(name), 'ours')).code).toBe(0)
  qemu.img('bitmap', '--add', '-g', '8k', '--merge', 'ours', name, 'theirs')
  expect(await rangesOf(name, 'theirs')).toEqual(await rangesOf(name, 'ours'))
  expect((await rangesOf(name, 'ours')).length).toBe(4)
})

test('the last bitmap takes the list of them along', async () => {
  const name = fresh('none.qcow2')
  for (const one of ['one', 'two', 'fine'])
    expect((await spindleHere('bitmap', '--remove', at(name), one)).code).toBe(0)
  expect(bitmapsOf(name)).toBe(undefined)
  expect(qemu.check(name)).toEqual(SOUND)
})

test('what cannot be done is refused in words, and nothing is changed', async () => {
  const name = fresh('refused.qcow2')
  const before = readFileSync(at(name))
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', 'old.qcow2', '1M')
  qemu.img('create', '-q', '-f', 'qcow2', 'small.qcow2', '1M')
  qemu.img('bitmap', '--add', 'small.qcow2', 'one')
  qemu.img('create', '-q', '-f', 'raw', 'disk.img', '1M')
  const refused: readonly (readonly [words: readonly string[], name: string, bitmap: string])[] = [
    [['--add'], name, 'one'],
    [['--add', '-g', '100'], name, 'new'],
    [['--add', '-g', '256'], name, 'new'],
    [['--add', '-g', '4G'], name, 'new'],
    [['--add'], name, ''],
    [['--add'], name, 'x'.repeat(1024)],
    [['--remove'], name, 'none'],
    [['--merge', 'none'], name, 'one'],
    [['--clear', '-g', '4k'], name, 'one'],
    [['--add', '-F', 'qcow2'], name, 'new'],
    [['--add', '-b', at('small.qcow2')], name, 'new'],
    [['--merge', 'one', '-b', at('small.qcow2')], name, 'one'],
    [[], name, 'one'],
    [['--add'], 'old.qcow2', 'one'],
    [['--add', '-f', 'raw'], 'disk.img', 'one'],
    [['--add', '--merge', 'one', '--merge', 'none'], name, 'new'],
  ]
  for (const [words, file, bitmap] of refused) {
    const { code, error } = await spindleHere('bitmap', ...words, at(file), bitmap)
    expect([code, error.length > 20], words.join(' ')).toEqual([1, true])
    expect(runProgram([oracle.qemuImg, 'bitmap', ...words, fresh('theirs.qcow2'), bitmap], folder).code).not.toBe(
      file === name ? 0 : undefined,
    )
  }
  expect(readFileSync(at(name)).equals(before)).toBe(true)
})

test('a bitmap that was being changed when a machine died can only be removed', async () => {
  const name = fresh('died.qcow2')
  const bytes = readFileSync(at(name))
  // Lists of former days lie about in the file as well.
  for (let place = bytes.indexOf('fine'); place >= 0; place = bytes.indexOf('fine', place + 1))
    bytes.writeUInt32BE(1, place - BITMAP_ENTRY.size + BITMAP_ENTRY.fields.flags.offset)
  writeFileSync(at(name), bytes)
  for (const words of [['--clear'], ['--enable'], ['--disable'], ['--merge', 'one']]) {
    const { code, error } = await spindleHere('bitmap', ...words, at(name), 'fine')
    expect([code, error]).toEqual([1, expect.stringContaining('can no longer be trusted')])
  }
  expect((await spindleHere('bitmap', '--merge', 'fine', at(name), 'one')).code).toBe(1)
  expect(readFileSync(at(name)).equals(bytes)).toBe(true)
  expect((await spindleHere('bitmap', '--remove', at(name), 'fine')).code).toBe(0)
  expect(bitmapsOf(name)).toHaveLength(2)
  expect(qemu.check(name)).toEqual(SOUND)
})

test.each([
  'cluster_size=512',
  'data_file=data.raw',
  'data_file=data.raw,data_file_raw=on',
  'extended_l2=on,refcount_bits=1',
])('an image with %s keeps bitmaps as well', async (options) => {
  rmSync(at('data.raw'), { force: true })
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options, 'other kind.qcow2', '8M')
  expect((await spindleHere('bitmap', '--add', '-g', '512', at('other kind.qcow2'), 'a')).code).toBe(0)
  write('other kind.qcow2', 'write 4000k 1M')
  expect((await spindleHere('bitmap', '--add', '--merge', 'a', at('other kind.qcow2'), 'b')).code).toBe(0)
  expect(await rangesOf('other kind.qcow2', 'a')).toEqual([{ offset: 4000 * KiB, length: MiB }])
  expect(qemu.check('other kind.qcow2')).toEqual(SOUND)
})

test('an undo file takes the change back, byte for byte', async () => {
  const name = fresh('kept.qcow2')
  const { code, out } = await spindleHere('bitmap', '--keep-undo', '--remove', at(name), 'fine')
  expect([code, out]).toEqual([0, `This can be taken back: spindle undo ${at(name)}\n`])
  expect((await spindleHere('undo', '-q', at(name))).code).toBe(0)
  expect(readFileSync(at(name)).equals(readFileSync(at('base.qcow2')))).toBe(true)
})

test('cut off after any write, undo leads back to the image as it was', async () => {
  const before = readFileSync(at('base.qcow2'))
  const actions = [{ kind: 'add', granularity: 4 * KiB }, { kind: 'merge', from: 'fine' }, { kind: 'disable' }] as const
  for (let limit = 0; ; limit += 1) {
    const path = at(fresh('cut.qcow2'))
    let left = limit
    const parts = systemParts()
    const openFile: OpenFile = async (file, mode) => limited(await parts.openFile(file, mode), () => (left -= 1) >= 0)
    const operations = openOperations({ parts: { ...parts, openFile } })
    const context = { signal: new AbortController().signal, progress: () => {}, pointOfNoReturn: () => {} }
    const job = { kind: 'bitmap', path, format: 'qcow2', name: 'new', actions, keepUndo: false } as const
    const done = await operations.run(job, context).then(
      () => true,
      () => false,
    )
    if (existsSync(`${path}.spindle-undo`)) await openOperations().undo(path)
    if (!done && readFileSync(path).equals(before)) continue
    // Only giving room back was left.
    expect(limit).toBeGreaterThan(20)
    expect(bitmapsOf('cut.qcow2')).toContainEqual({ flags: [], name: 'new', granularity: 4 * KiB })
    expect(qemu.check('cut.qcow2')).toEqual(SOUND)
    if (done) return
  }
})

/** From the first write on that may not be done, none is: as if the program had died. */
function limited(storage: Storage, may: () => boolean): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        if (['write', 'zero', 'truncate', 'discard', 'allocate'].includes(String(name)) && !may())
          throw new Error('the power is gone')
        return (value as (...all: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}
