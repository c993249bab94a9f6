// `spindle resize` beside qemu-img 10 on copies of the same image.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { MiB } from '../../../core/model/units.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'
import type { Outcome } from '../../helpers/spindle.ts'

const { qemuImg } = newestOracle()
let folder = ''
let qemu = new Qemu(newestOracle(), folder)
const at = (name: string): string => join(folder, name)

beforeEach(() => {
  folder = scratchFolder()
  qemu = new Qemu(newestOracle(), folder)
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', '10M')
  qemu.io('disk', ['write -P 1 0 3M'])
})

async function both(
  options: readonly string[],
  size: readonly string[],
): Promise<{ readonly ours: Outcome; readonly theirs: Outcome }> {
  copyFileSync(at('disk'), at('theirs'))
  copyFileSync(at('disk'), at('ours'))
  const theirs = runProgram([qemuImg, 'resize', ...options, at('theirs'), ...size])
  const ours = await spindleHere('resize', ...options, at('ours'), ...size)
  return { ours, theirs: { ...theirs, error: theirs.error.replaceAll(/(\S*\/)?qemu-img\b/g, 'spindle') } }
}

test.each([
  ['', '20M'],
  ['', '+5M'],
  ['', '+0'],
  ['', '10M'],
  ['--shrink', '-9M'],
  ['--shrink', '1536K'],
  ['--shrink', '11M'],
  ['-q', '12M'],
  ['-f qcow2', '12M'],
  ['--preallocation=metadata', '30M'],
  ['--preallocation falloc', '30M'],
  ['--preallocation full', '30M'],
])('says and does the same: resize %s %s', async (options, size) => {
  const { ours, theirs } = await both(options.split(' ').filter(Boolean), [size])
  expect(ours).toEqual(theirs)
  expect(qemu.img('compare', '-s', 'ours', 'theirs')).toBe('Images are identical.\n')
  expect(qemu.check('ours')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
})

test.each([
  ['--preallocation=foo', '30M'],
  ['--shrink --preallocation=full', '5M'],
  ['--shrink', '-100G'],
  ['--shrink', '0'],
])('refuses in the same words: resize %s %s', async (options, size) => {
  const { ours, theirs } = await both(options.split(' ').filter(Boolean), [size])
  expect(ours).toEqual(theirs)
})

test.each([[[]], [['foo']], [['+foo']], [['1000', '20M']], [['10485761']], [['1E']]])(
  'refuses with the same code: resize %j',
  async (size) => {
    const { ours, theirs } = await both([], size)
    expect(ours.code).toBe(theirs.code)
    expect(ours.error).not.toBe('')
  },
)

test('without --shrink it says in qemu-img’s words what would be lost, and how much that is', async () => {
  const { ours, theirs } = await both([], ['1M'])
  expect(ours).toEqual({ ...theirs, error: `${theirs.error}spindle: 2 MiB of data lie beyond the new end at 1 MiB.\n` })
  expect((await both([], ['4M'])).ours.error).toMatch(/No data lies beyond the new end at 4 MiB\.\n$/)
  expect(Buffer.compare(readFileSync(at('ours')), readFileSync(at('disk')))).toBe(0)
})

test('raw disks are resized as qemu-img does it', async () => {
  writeFileSync(at('disk'), new Uint8Array(MiB).fill(1))
  for (const [options, size] of [
    ['-f raw', '3M'],
    ['-f raw --preallocation=falloc', '3M'],
    ['-f raw --shrink', '-512k'],
    ['-f raw --shrink', '100000'],
  ] as const) {
    const { ours, theirs } = await both(options.split(' '), [size])
    expect(ours).toEqual(theirs)
    expect(Buffer.compare(readFileSync(at('ours')), readFileSync(at('theirs')))).toBe(0)
  }
})

test('--keep-undo lets it be taken back', async () => {
  const before = readFileSync(at('disk'))
  expect(await spindleHere('resize', '--shrink', '--keep-undo', at('disk'), '1M')).toMatchObject({
    code: 0,
    out: `Image resized.\nThis can be taken back: spindle undo ${at('disk')}\n`,
  })
  expect(await spindleHere('undo', at('disk'))).toMatchObject({ code: 0 })
  expect(Buffer.compare(readFileSync(at('disk')), before)).toBe(0)
})
