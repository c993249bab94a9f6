// Bad input on the command line: one plain sentence, exit code 1, no stack trace, and never a hang.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindle, spindleHere } from '../helpers/spindle.ts'

const { qemuImg, qemuIo } = newestOracle()

/** Root reads everything, unless it gives that power up. */
const WITHOUT_POWERS =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search']
    : []

interface Case {
  readonly what: string
  /** Makes `bad` in the folder. */
  readonly make: (folder: string) => void
  /** What the sentence says; `{}` stands for the folder. */
  readonly says: string
  /**
   * What `info --backing-chain` does: `refused` says the same sentence, `told` describes the image all the same, `both`
   * describes it and then says why it cannot be read.
   */
  readonly info: 'refused' | 'told' | 'both'
  readonly through?: readonly string[]
}

const create = (folder: string, ...words: string[]): void => {
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', ...words], { cwd: folder })
}

const CASES: readonly Case[] = [
  {
    what: 'a header that is cut off',
    make(folder) {
      create(folder, 'bad', '64M')
      truncateSync(join(folder, 'bad'), 50)
    },
    says: '{}/bad',
    info: 'refused',
  },
  {
    what: 'a cluster pointer past the end of the file',
    make(folder) {
      create(folder, 'bad', '64M')
      execFileSync(qemuIo, ['-c', 'write 0 64k', join(folder, 'bad')])
      // The first entry of the L2 table, which follows header, refcounts and L1 table.
      execFileSync(qemuIo, ['-f', 'raw', '-c', 'write -P 0x7f 262145 2', join(folder, 'bad')])
    },
    says: '{}/bad is damaged',
    info: 'told',
  },
  {
    what: 'a file of length zero',
    make: (folder) => writeFileSync(join(folder, 'bad'), ''),
    says: '{}/bad',
    info: 'refused',
  },
  {
    what: 'a folder',
    make: (folder) => mkdirSync(join(folder, 'bad')),
    says: '{}/bad is a folder',
    info: 'refused',
  },
  {
    what: 'a file that may not be read',
    make(folder) {
      writeFileSync(join(folder, 'bad'), 'secret')
      chmodSync(join(folder, 'bad'), 0)
    },
    says: 'no permission to read {}/bad',
    info: 'refused',
    through: WITHOUT_POWERS,
  },
  {
    what: 'a backing file that is missing',
    make: (folder) => create(folder, '-u', '-b', 'gone.img', '-F', 'raw', 'bad', '1M'),
    says: '{}/bad needs the file {}/gone.img, which is not there',
    info: 'both',
  },
  {
    what: 'a backing file that is a folder',
    make(folder) {
      mkdirSync(join(folder, 'base'))
      create(folder, '-u', '-b', 'base', '-F', 'raw', 'bad', '1M')
    },
    says: '{}/bad needs the file {}/base, which cannot be opened',
    info: 'both',
  },
  {
    what: 'a backing file on a network',
    make: (folder) => create(folder, '-u', '-b', 'nbd://127.0.0.1:1/x', '-F', 'raw', 'bad', '1M'),
    says: 'nbd:',
    info: 'both',
  },
  {
    what: 'an image that is its own backing file',
    make: (folder) => create(folder, '-u', '-b', './bad', '-F', 'qcow2', 'bad', '1M'),
    says: 'loops',
    info: 'both',
  },
  {
    what: 'two images that are each other’s backing file',
    make(folder) {
      create(folder, '-u', '-b', 'other', '-F', 'qcow2', 'bad', '1M')
      create(folder, '-u', '-b', 'bad', '-F', 'qcow2', 'other', '1M')
    },
    says: 'loops',
    info: 'both',
  },
  {
    what: 'a pipe',
    make: (folder) => execFileSync('mkfifo', [join(folder, 'bad')]),
    says: '{}/bad is a pipe',
    info: 'refused',
  },
  {
    what: 'a backing file that is a pipe',
    make(folder) {
      execFileSync('mkfifo', [join(folder, 'pipe')])
      create(folder, '-u', '-b', 'pipe', '-F', 'raw', 'bad', '1M')
    },
    says: '{}/pipe',
    info: 'both',
  },
  {
    what: 'no file at all',
    make() {},
    says: 'no file {}/bad',
    info: 'refused',
  },
]

function expectOneSentence(error: string, says: string, folder: string): void {
  expect(error).toMatch(/^spindle: [A-Z“/].{10,400}[.!]\n$/)
  expect(error).toContain(says.replaceAll('{}', folder))
  expect(error).not.toMatch(/\n.*\n|Error:|\bat .*:\d+|node:/)
}

test.each(CASES)('$what', async ({ make, says, info, through }) => {
  const folder = scratchFolder()
  make(folder)
  const how = { cwd: folder, ...(through && { through }) }

  const converted = spindle(['convert', '-O', 'raw', 'bad', 'new.img'], how)
  expect({ code: converted.code, out: converted.out }).toEqual({ code: 1, out: '' })
  expectOneSentence(converted.error, says, folder)

  const informed = spindle(['info', '--backing-chain', 'bad'], how)
  expect(informed.code).toBe(info === 'told' ? 0 : 1)
  expect(informed.out.startsWith('image: bad\n')).toBe(info !== 'refused')
  if (info !== 'told') expectOneSentence(informed.error, says, folder)

  if (through) return
  const bad = join(folder, 'bad')
  for (const words of [
    ['map', bad],
    ['compare', bad, bad],
    // Its header is enough to put a new image on top of it.
    ...(info === 'told' ? [] : [['create', '-f', 'qcow2', '-b', bad, '-F', 'qcow2', join(folder, 'new')]]),
  ]) {
    const { code, out, error } = await spindleHere(...words)
    expect(code, words[0]).toBeGreaterThan(0)
    expect(out, words[0]).toBe('')
    expectOneSentence(error, '', folder)
  }
})
