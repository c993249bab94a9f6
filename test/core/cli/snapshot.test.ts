// `spindle snapshot`, and convert -l and --snapshots, beside qemu-img 10 on copies of the same images.

import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { KiB } from '../../../core/model/units.ts'
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
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', '1M')
  qemu.io('disk', ['write -P 1 0 64k'])
  qemu.img('snapshot', '-c', 'one', 'disk')
  qemu.io('disk', ['write -P 2 0 64k'])
  qemu.img('snapshot', '-c', '1', 'disk')
  qemu.io('disk', ['write -P 3 0 64k'])
})

/** The same words to both, each with a copy of the disk of its own. Times differ, so lists show none. */
async function both(...words: readonly string[]): Promise<{ readonly ours: Outcome; readonly theirs: Outcome }> {
  copyFileSync(at('disk'), at('theirs'))
  copyFileSync(at('disk'), at('ours'))
  const theirs = runProgram([qemuImg, ...words, at('theirs')])
  const ours = await spindleHere(...words, at('ours'))
  return {
    ours,
    theirs: { ...theirs, error: theirs.error.replaceAll('qemu-img', 'spindle').replaceAll(qemuImg, 'spindle') },
  }
}

async function expectSameImages(): Promise<void> {
  const list = (name: string): string =>
    qemu.img('snapshot', '-l', name).replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '')
  expect(list('ours')).toBe(list('theirs'))
  expect(qemu.img('compare', 'ours', 'theirs')).toBe('Images are identical.\n')
  expect(qemu.check('ours')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
}

describe('like qemu-img', () => {
  test.each([
    ['-c', 'two'],
    ['-c', 'with blanks, and späße'],
    ['-a', 'one'],
    // The id of one snapshot and the name of another: applied by id, deleted by name.
    ['-a', '1'],
    ['-d', '1'],
  ])('%s %s', async (...words) => {
    const { ours, theirs } = await both('snapshot', ...words)
    expect(ours).toEqual(theirs)
    await expectSameImages()
  })

  test.each([[['-l']], [[]], [['-f', 'qcow2', '--list']], [['-U', '-l']]])(
    'the list, asked for with %j',
    async (words) => {
      const { ours, theirs } = await both('snapshot', ...words)
      expect(ours).toEqual(theirs)
      expect(ours.out.split('\n')).toHaveLength(5)
    },
  )

  test('no list where there are no snapshots', async () => {
    qemu.img('create', '-q', '-f', 'qcow2', 'disk', '1M')
    const { ours, theirs } = await both('snapshot')
    expect(ours).toEqual(theirs)
  })

  test.each([[['-d', 'nosuch']], [['-l', '-d', 'one']], [['-c']]])('refuses %j with the same code', async (words) => {
    const { ours, theirs } = await both('snapshot', ...words)
    expect(ours.code).toBe(theirs.code)
    expect(ours.error).not.toBe('')
  })

  test('what convert -l copies', async () => {
    for (const words of ['1', 'one', 'snapshot.id=2', 'snapshot.name=1', 'snapshot.id=1,snapshot.name=one']) {
      expect(await spindleHere('convert', '--force', '-l', words, at('disk'), at('ours'))).toMatchObject({ code: 0 })
      qemu.img('convert', '-O', 'raw', '-l', words, 'disk', 'theirs')
      expect(Buffer.compare(readFileSync(at('ours')), readFileSync(at('theirs')))).toBe(0)
    }
    for (const words of ['nosuch', 'snapshot.id=1,snapshot.name=1', 'snapshot.id=one']) {
      const { code, error } = await spindleHere('convert', '--force', '-l', words, at('disk'), at('ours'))
      expect([code, error]).toEqual([1, "spindle: Failed to load snapshot: Can't find snapshot\n"])
    }
  })
})

describe('beyond qemu-img', () => {
  test('--rename gives a snapshot another name', async () => {
    expect(await spindleHere('snapshot', '--rename', 'one', 'first', at('disk'))).toEqual({
      code: 0,
      out: '',
      error: '',
    })
    expect(qemu.img('snapshot', '-l', 'disk')).toMatch(/^1 +first /m)
    expect(await spindleHere('snapshot', '--rename', 'nosuch', 'x', at('disk'))).toMatchObject({
      code: 1,
      error: "spindle: Could not rename snapshot 'nosuch': snapshot not found\n",
    })
    expect(await spindleHere('snapshot', '--rename', 'first', at('disk'))).toMatchObject({ code: 1 })
  })

  // Its own long names take no value in qemu-img 10.
  test('the long names of the options do what they say', async () => {
    expect(await spindleHere('snapshot', '--create=two', at('disk'))).toMatchObject({ code: 0 })
    expect(await spindleHere('snapshot', '--apply', 'one', at('disk'))).toMatchObject({ code: 0 })
    expect(await spindleHere('snapshot', '--delete', 'one', at('disk'))).toMatchObject({ code: 0 })
    expect((await spindleHere('snapshot', '--list', at('disk'))).out.match(/^\d+ +\w+/gm)).toEqual([
      expect.stringMatching(/^2 +1$/),
      expect.stringMatching(/^3 +two$/),
    ])
  })

  test('a name several snapshots have is refused with their ids', async () => {
    qemu.img('snapshot', '-c', 'one', 'disk')
    const before = readFileSync(at('disk'))
    const { code, error } = await spindleHere('snapshot', '-d', 'one', at('disk'))
    expect([code, error]).toEqual([1, "spindle: 2 snapshots are named 'one'; say which one by its id: 1, 3\n"])
    expect(Buffer.compare(readFileSync(at('disk')), before)).toBe(0)
    expect(await spindleHere('snapshot', '-d', '3', at('disk'))).toMatchObject({ code: 0 })
    expect(await spindleHere('snapshot', '-c', 'one', at('disk'))).toMatchObject({ code: 1 })
  })

  test('--keep-undo lets everything be taken back', async () => {
    const before = readFileSync(at('disk'))
    expect(await spindleHere('snapshot', '--keep-undo', '-a', 'one', at('disk'))).toMatchObject({
      code: 0,
      out: `This can be taken back: spindle undo ${at('disk')}\n`,
    })
    expect(await spindleHere('undo', at('disk'))).toMatchObject({ code: 0 })
    expect(Buffer.compare(readFileSync(at('disk')), before)).toBe(0)
  })

  test('convert --snapshots takes all of them along', async () => {
    qemu.img('resize', '-q', 'disk', '3M')
    qemu.io('disk', ['write -P 9 2M 300k', 'write -P 0 0 64k'])
    const options = ['-O', 'qcow2', '-o', 'cluster_size=4k', '--verify', '--snapshots']
    expect(await spindleHere('convert', ...options, at('disk'), at('ours'))).toEqual({ code: 0, out: '', error: '' })
    expect(qemu.img('snapshot', '-l', 'ours')).toBe(qemu.img('snapshot', '-l', 'disk'))
    expect(qemu.check('ours')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    expect(qemu.img('compare', 'disk', 'ours')).toBe('Images are identical.\n')
    for (const id of ['1', '2']) {
      for (const name of ['disk', 'ours']) qemu.img('snapshot', '-a', id, name)
      expect(qemu.img('compare', 'disk', 'ours')).toBe('Images are identical.\n')
    }
    // What did not change from one to the next is there once.
    expect(readFileSync(at('ours')).length).toBeLessThan(700 * KiB)
  })

  test('convert says what --snapshots cannot go with', async () => {
    for (const [words, sentence] of [
      [['-O', 'raw'], 'Images in RAW format have no snapshots inside.'],
      [['-O', 'qcow2', '-c'], 'An image that keeps its snapshots cannot be compressed on the way.'],
      [['-O', 'qcow2', '-l', 'one'], 'Convert one snapshot, or keep all of them.'],
      [['-O', 'qcow2', '-o', 'data_file=x'], 'An image with an external data file cannot have snapshots.'],
    ] as const) {
      const { code, error } = await spindleHere('convert', '--snapshots', ...words, at('disk'), at('ours'))
      expect([code, error.slice('spindle: '.length, 'spindle: '.length + sentence.length)]).toEqual([1, sentence])
      expect(existsSync(at('ours'))).toBe(false)
    }
  })

  test('a raw disk has none, and says so', async () => {
    writeFileSync(at('disk'), new Uint8Array(64 * KiB))
    const { code, error } = await spindleHere('snapshot', '-c', 'x', at('disk'))
    expect([code, error]).toEqual([
      1,
      `spindle: Could not create snapshot 'x': ${at('disk')} is in raw format, which has no snapshots inside images. Nothing was changed. Convert it to qcow2, or put a new image on top of it.\n`,
    ])
  })
})
