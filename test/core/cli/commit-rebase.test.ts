// `spindle commit` and `spindle rebase` beside qemu-img's: exit codes, words and what comes of it.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { sharedFolder } from '../../helpers/scratch.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'

const { qemuImg, qemuIo } = newestOracle()
const folder = sharedFolder()
const KiB = 1024

/** Two folders alike: `below` under `middle` under `top`, and `other`. */
function worlds(name: string): readonly [string, string] {
  const [ours, theirs] = [join(folder, name, 'ours'), join(folder, name, 'theirs')]
  mkdirSync(ours, { recursive: true })
  for (const [index, raw] of ['below', 'other'].entries())
    writeFileSync(join(ours, raw), Buffer.alloc(256 * KiB, index + 1))
  const make = (image: string, backing: string, format: string, write: string): void => {
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', format, image], { cwd: ours })
    execFileSync(qemuIo, ['-c', write, image], { cwd: ours })
  }
  make('middle', 'below', 'raw', 'write -P 3 0 64k')
  make('top', 'middle', 'qcow2', 'write -P 4 64k 64k')
  cpSync(ours, theirs, { recursive: true })
  return [ours, theirs]
}

const FILES = new Set(['below', 'other', 'middle', 'top'])

/** Runs the same words in both programs; names of files are made absolute, which ours need here. */
async function both(name: string, words: readonly string[]) {
  const [ours, theirs] = worlds(name)
  const inFolder = (place: string): readonly string[] =>
    words.map((word, index) => (FILES.has(word) && words[index - 1] !== '-b' ? join(place, word) : word))
  const mine = await spindleHere(...inFolder(ours))
  const qemus = runProgram([qemuImg, ...inFolder(theirs)], theirs)
  const plain = (text: string, place: string): string =>
    text
      .replaceAll(`${place}/`, '')
      .replaceAll(qemuImg, 'PROGRAM')
      .replaceAll(/^(qemu-img|spindle): /gm, '')
      .replaceAll("'spindle ", "'PROGRAM ")
  return {
    mine: { code: mine.code, out: mine.out, error: plain(mine.error, ours) },
    qemus: { code: qemus.code, out: qemus.out, error: plain(qemus.error, theirs) },
    ours,
    theirs,
  }
}

function content(place: string, name: string): Buffer {
  const raw = join(place, `${name}.content`)
  execFileSync(qemuImg, ['convert', '-f', 'qcow2', '-O', 'raw', name, raw], { cwd: place })
  return readFileSync(raw)
}

test.each([
  ['commit', ['commit', 'top']],
  ['commit quietly', ['commit', '-q', '-f', 'qcow2', 'top']],
  ['commit and drop', ['commit', '-d', 'top']],
  ['commit held back', ['commit', '-r', '2G', 'top']],
  ['commit into a lower one', ['commit', '-b', 'below', 'top']],
  ['rebase', ['rebase', '-b', 'other', '-F', 'raw', 'top']],
  ['rebase to nothing', ['rebase', '-b', '', 'top']],
  ['rebase to nothing, packed', ['rebase', '-c', '-b', '', 'top']],
  ['rebase by name', ['rebase', '-u', '-b', 'other', '-F', 'raw', 'top']],
  ['rebase to nothing by name', ['rebase', '-u', 'top']],
])('%s does what qemu-img does, in its words', async (name, words) => {
  const { mine, qemus, ours, theirs } = await both(name, words)
  expect({ code: mine.code, out: mine.out }).toEqual({ code: qemus.code, out: qemus.out })
  expect(mine.code).toBe(0)
  expect(Buffer.compare(content(ours, 'top'), content(theirs, 'top'))).toBe(0)
  expect(Buffer.compare(content(ours, 'middle'), content(theirs, 'middle'))).toBe(0)
  expect(Buffer.compare(readFileSync(join(ours, 'below')), readFileSync(join(theirs, 'below')))).toBe(0)
})

test.each([
  ['no file to commit', ['commit']],
  ['two files to commit', ['commit', 'top', 'middle']],
  ['a base that is not in the chain', ['commit', '-b', 'other', 'top']],
  ['nothing below', ['commit', '-f', 'raw', 'below']],
  ['no file to rebase', ['rebase']],
  ['nothing to rebase to', ['rebase', 'top']],
  ['a backing file without a format', ['rebase', '-b', 'other', 'top']],
  ['a name without a format', ['rebase', '-u', '-b', 'other', 'top']],
])('%s is refused in the words of qemu-img', async (name, words) => {
  const { mine, qemus } = await both(name, words)
  expect(mine).toEqual(qemus)
  expect(mine.code).toBe(1)
})

test('a commit that would damage others names them, and says nothing was changed', async () => {
  const [ours] = worlds('others')
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', 'middle', '-F', 'qcow2', 'sibling'], { cwd: ours })
  const refused = await spindleHere('commit', join(ours, 'top'))
  expect(refused.code).toBe(1)
  expect(refused.error).toContain(join(ours, 'sibling'))
  expect(refused.error).toContain('Nothing was changed.')
  expect(await spindleHere('commit', '--force', join(ours, 'top'))).toMatchObject({
    code: 0,
    out: 'Image committed.\n',
  })
})
