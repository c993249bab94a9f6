// Every option of every command, given to qemu-img and to `spindle` called qemu-img: words, exit codes and files.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../core/cli/commands.ts'
import { DIFFERENCES } from '../../core/cli/differences.ts'
import { spindleProcess } from '../helpers/cli-process.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder, sharedFolder } from '../helpers/scratch.ts'
import { titleOf, wordsOf } from './cli/case.ts'
import type { Case } from './cli/case.ts'
import { CHANGING } from './cli/cases-changing.ts'
import { LOOKING } from './cli/cases-looking.ts'
import { MAKING } from './cli/cases-making.ts'
import { expectSameFiles } from './cli/compare.ts'
import { copyFixtures, fixturesIn, makeFixtures } from './cli/fixtures.ts'
import { COMMANDS as NAMES, optionsOf } from './cli/options.ts'
import { comparable, expectedOf } from './cli/output.ts'
import { respelled, spellingsIn } from './cli/spelling.ts'
import type { Tables } from './cli/spelling.ts'

const { qemuImg } = newestOracle()
const spindle = spindleProcess()
const images = sharedFolder()
const tables: Tables = new Map(
  await Promise.all(NAMES.map(async (name) => [name, (await COMMANDS.get(name)?.load())?.words] as const)),
)
const WRITTEN: readonly Case[] = [...LOOKING, ...MAKING, ...CHANGING]
/** Each option is also given by its other name once. */
const CASES: readonly Case[] = [...WRITTEN, ...respelled(WRITTEN, tables)]

beforeAll(() => makeFixtures(images, newestOracle()))

test('every option that the help of qemu-img lists is in the table, by each of its names', () => {
  const covered = new Set(CASES.flatMap((one) => spellingsIn(one, tables)))
  const listed = NAMES.flatMap((command) =>
    optionsOf(qemuImg, command).flatMap(({ short, long }) =>
      [short, long].flatMap((word) => (word === undefined ? [] : [`${command} ${word}`])),
    ),
  )
  expect(listed.length).toBeGreaterThan(150)
  expect(listed.filter((one) => !covered.has(one) && !/ (-h|--help)$/.test(one))).toEqual([])
})

test('every difference the table knows is one the manual tells', () => {
  const told = new Set(DIFFERENCES.map(({ name }) => name))
  const seen = CASES.flatMap(({ differs }) => (differs ? [differs.as] : []))
  expect(seen.filter((name) => !told.has(name))).toEqual([])
})

describe.each(NAMES)('%s', (command) => {
  const own = CASES.filter((one) => wordsOf(one)[0] === command)
  test.each(own.map((one) => [titleOf(one), one] as const))('%s', async (_, one) => {
    const folder = scratchFolder()
    const [theirs, ours] = [join(folder, 'a'), join(folder, 'b')]
    const words = wordsOf(one)
    for (const place of [theirs, ours]) {
      mkdirSync(place)
      copyFixtures(images, place, fixturesIn([...words, ...(one.files ?? [])]))
      for (const line of one.before ?? []) spawnSync(qemuImg, line.split(' '), { cwd: place })
    }
    const run = (line: readonly string[]) =>
      spawnSync(qemuImg, line, { cwd: theirs, encoding: 'utf8', argv0: 'qemu-img', timeout: 20_000 })
    const first = run(words)
    // There are names of options that its help lists and it does not know.
    const wanted = first.status === 1 && one.usual ? run(one.usual) : first
    const given = await spindle(ours, words)
    const usual = comparable({ code: wanted.status, out: wanted.stdout, error: wanted.stderr }, one)
    expect(comparable(given, one)).toEqual(expectedOf(usual, one))
    expectSameFiles(qemuImg, theirs, ours, one)
  })
})
