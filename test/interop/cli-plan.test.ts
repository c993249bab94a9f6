// `spindle plan` in front of every command line of the table: something is said, and nothing is done.

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { spindleProcess } from '../helpers/cli-process.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { sharedFolder } from '../helpers/scratch.ts'
import { wordsOf } from './cli/case.ts'
import { CHANGING } from './cli/cases-changing.ts'
import { LOOKING } from './cli/cases-looking.ts'
import { MAKING } from './cli/cases-making.ts'
import { makeFixtures } from './cli/fixtures.ts'

const spindle = spindleProcess()
const folder = sharedFolder()
const lines = [...MAKING, ...CHANGING, ...LOOKING].map(wordsOf)
const commands = [...new Set(lines.map(([command = '']) => command))]

beforeAll(() => makeFixtures(folder, newestOracle()))

/** Names, times and content of all there is. */
function everything(): readonly string[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => {
      const { size, mtimeMs, ino } = lstatSync(join(folder, name))
      const content = createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')
      return `${name} ${size} ${mtimeMs} ${ino} ${content}`
    })
}

describe.each(commands)('plan %s', (command) => {
  test('leaves every file as it was, whatever options there are', async () => {
    const before = everything()
    for (const words of lines.filter(([first]) => first === command)) {
      const { code, out, error } = await spindle(folder, ['plan', ...words], 'spindle')
      expect({ words, said: code === 0 ? out : error }).toEqual({ words, said: expect.stringMatching(/\S/) })
    }
    expect(everything()).toEqual(before)
  })
})

test('says what a conversion takes, and what would be lost', async () => {
  const { out } = await spindle(folder, ['plan', 'convert', '-O', 'raw', 'snaps.qcow2', 'new.img'], 'spindle')
  expect(out).toMatch(/^Would copy .*snaps\.qcow2 \(qcow2\) to .*new\.img \(raw\)\.\nIt reads .* and takes .* are free/)
  expect(out).toContain('2 snapshots do not come along; the source keeps them.\n')
  expect(out).toMatch(/\nNothing was done\.\n$/)
})

test('says what shrinking a disk would lose', async () => {
  const { out } = await spindle(folder, ['plan', 'resize', '--shrink', 'base.qcow2', '1M'], 'spindle')
  expect(out).toMatch(/smaller: from 4 MiB to 1 MiB\.\n\d.* of data would be lost\.\nNothing was done\.\n$/)
})

test('is refused where the command itself would be', async () => {
  const { code, error } = await spindle(folder, ['plan', 'resize', 'missing.qcow2', '1M'], 'spindle')
  expect({ code, error }).toEqual({
    code: 1,
    error: expect.stringMatching(/^spindle: Could not open 'missing\.qcow2': /),
  })
})
