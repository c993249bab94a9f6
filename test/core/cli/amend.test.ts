// `spindle amend` beside qemu-img amend: the same words, the same exit codes.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { runProgram, spindle, spindleHere } from '../../helpers/spindle.ts'

const oracle = newestOracle()

interface Case {
  readonly made?: readonly string[]
  readonly words: readonly string[]
  /** Words of what went wrong are Spindle's own. */
  readonly ownWords?: boolean
}

const CASES: readonly Case[] = [
  { words: ['-o', 'compat=0.10'] },
  { words: ['-o', 'compat=v3', '-q', '-f', 'qcow2'] },
  { words: ['--force', '-t', 'writeback', '-o', 'lazy_refcounts'] },
  { words: ['-o', 'refcount_bits=64,lazy_refcounts=on', '-o', 'compat=1.1'] },
  { words: ['-o', 'size=1M'] },
  { words: ['-o', 'backing_file=base,backing_fmt=raw'], made: ['-b', 'base', '-F', 'raw'] },
  { words: ['-o', 'data_file=other'], made: ['-o', 'data_file=data'] },
  { words: ['-o', 'cluster_size=4k'] },
  { words: ['-o', 'encryption=on'] },
  { words: ['-o', 'encrypt.format=luks'] },
  { words: ['-o', 'encrypt.state=active'] },
  { words: ['-o', 'unknown=1'] },
  { words: ['-o', ''] },
  { words: [] },
  { words: ['-o', 'compat=1.1', 'second'], ownWords: true },
  { words: ['-f', 'raw', '-o', 'size=1M'] },
  { words: ['-o', 'backing_file=another,backing_fmt=raw'], made: ['-b', 'base', '-F', 'raw'] },
  { words: ['-o', 'backing_fmt=raw'] },
  { words: ['-o', 'compat=0.5'], ownWords: true },
  { words: ['-o', 'refcount_bits=7'], ownWords: true },
  { words: ['-o', 'lazy_refcounts=maybe'], ownWords: true },
  { words: ['-o', 'data_file=other'], ownWords: true },
  { words: ['-o', 'data_file_raw=on'], ownWords: true },
]

function words(text: string): string {
  return text.replaceAll(oracle.qemuImg, 'spindle').replaceAll('qemu-img', 'spindle')
}

test.each(CASES)('$made $words', async ({ made = [], words: given, ownWords = false }) => {
  const qemu = new Qemu(oracle, scratchFolder())
  qemu.img('create', '-q', '-f', 'raw', 'base', '1M')
  for (const name of ['ours', 'theirs']) qemu.img('create', '-q', '-f', 'qcow2', ...made, name, '1M')
  const theirs = runProgram([oracle.qemuImg, 'amend', ...given, 'theirs'], qemu.folder)
  const ours = await spindleHere('amend', ...given, join(qemu.folder, 'ours'))
  expect([ours.code, ours.out]).toEqual([theirs.code, theirs.out])
  expect(ours.error !== '').toBe(theirs.error !== '')
  expect(ownWords || ours.error === words(theirs.error), `${ours.error} ${theirs.error}`).toBe(true)
})

test('another size is for resize, which asks before anything is lost', async () => {
  const qemu = new Qemu(oracle, scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', '4M')
  const { code, error } = await spindleHere('amend', '-o', 'size=1M', join(qemu.folder, 'disk'))
  expect({ code, error }).toEqual({
    code: 1,
    error: "spindle: Cannot amend the size\nYou can use 'spindle resize' instead.\n",
  })
})

test('it can be taken back, and its options are listed', () => {
  const qemu = new Qemu(oracle, scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', '4M')
  const before = readFileSync(join(qemu.folder, 'disk'))
  const done = spindle(['amend', '--keep-undo', '-o', 'compat=0.10', 'disk'], { cwd: qemu.folder })
  expect(done).toEqual({ code: 0, out: 'This can be taken back: spindle undo disk\n', error: '' })
  expect(qemu.img('info', 'disk')).toContain('compat: 0.10')
  expect(spindle(['undo', '-q', 'disk'], { cwd: qemu.folder }).code).toBe(0)
  expect(Buffer.compare(readFileSync(join(qemu.folder, 'disk')), before)).toBe(0)
  const { code, out } = spindle(['amend', '-o', 'help', 'disk'], { cwd: qemu.folder })
  expect(code).toBe(0)
  for (const name of ['compat', 'refcount_bits', 'lazy_refcounts', 'data_file', 'data_file_raw', 'backing_fmt'])
    expect(out).toContain(`  ${name}=`)
})
