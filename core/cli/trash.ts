// `spindle trash`: images put aside with all their files, listed, put back, and deleted for good.

import { dirname, relative, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { JobSpec } from '../model/job.ts'
import type { TrashItem } from '../model/plan.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { OUTPUT, QUIET, outputKind } from './command.ts'
import type { Command, Session } from './command.ts'
import { printable } from './console.ts'
import { jsonText, sizeText } from './wording.ts'

const words: CommandWords = {
  name: 'trash',
  summary: 'Delete images so that they can be put back',
  operands: 'put FILE … | list [FOLDER …] | restore FILE … | empty [FOLDER …]',
  options: [
    { long: 'even-needed', help: 'put: also when other images lie on them, which cannot be read until they are back' },
    QUIET,
    OUTPUT,
  ],
  refused: [],
  notes: [
    'An image is put aside with all its files, in .spindle-trash in its own folder. “restore” takes the name it had; “empty” deletes what lies in the trash of the folders for good. Without FOLDER it is the one you are in.',
  ],
}

export const trash: Command = {
  words,
  async run(given, session) {
    const [action, ...names] = given.operands
    switch (action) {
      case 'put':
        if (names.length === 0) throw usageError(words, 'Expecting an image file name')
        await run(
          { kind: 'trash', paths: names.map((name) => resolve(name)), allowDependents: given.has('even-needed') },
          given,
          session,
        )
        return 0
      case 'restore':
        if (names.length === 0) throw usageError(words, 'Expecting the name an image had')
        await run({ kind: 'restore', items: await itemsFor(names, session) }, given, session)
        return 0
      case 'list':
        return list(await itemsIn(names, session), given, session)
      case 'empty':
        await run(
          { kind: 'empty-trash', items: (await itemsIn(names, session)).map(({ path }) => path) },
          given,
          session,
        )
        return 0
      default:
        throw usageError(words, 'Expecting put, list, restore or empty')
    }
  },
}

async function itemsIn(folders: readonly string[], { operations }: Session): Promise<readonly TrashItem[]> {
  return operations.trash((folders.length > 0 ? folders : ['.']).map((folder) => resolve(folder)))
}

/** Of several that had the same name, the one that was deleted last. */
async function itemsFor(names: readonly string[], { operations }: Session): Promise<readonly string[]> {
  const paths = names.map((name) => resolve(name))
  const items = await operations.trash([...new Set(paths.map((path) => dirname(path)))])
  return paths.map((path) => {
    const item = items.find(({ from }) => from === path)
    if (item) return item.path
    const message = `There is no ${path} in the trash of its folder. Nothing was changed. See “spindle trash list”.`
    throw new SpindleError('not-found', message, { path })
  })
}

async function run(job: JobSpec, given: Words, { console, operations, signal }: Session): Promise<void> {
  const result = await operations.run(job, { signal, progress: () => {}, pointOfNoReturn: () => {} })
  for (const warning of result.warnings) console.error(`${printable(warning)}\n`)
  if (given.has('quiet')) return
  if (result.kind === 'trash' && job.kind === 'trash')
    for (const path of job.paths) console.out(`${shown(path)} can be put back: spindle trash restore ${shown(path)}\n`)
  if (result.kind === 'restore') for (const path of result.paths) console.out(`${shown(path)} is back.\n`)
  if (result.kind === 'empty-trash') console.out(`${sizeText(result.freed)} freed.\n`)
}

function list(items: readonly TrashItem[], given: Words, { console }: Session): number {
  if (outputKind(words, given) === 'json') {
    console.out(
      `${jsonText(
        items.map((one) => ({
          filename: one.from,
          format: one.format,
          'virtual-size': one.virtualSize,
          'actual-size': one.allocatedSize,
          files: one.fileCount,
          'date-sec': Math.floor(one.trashedAt / 1000),
        })),
      )}\n`,
    )
    return 0
  }
  for (const { from, allocatedSize, trashedAt } of items) {
    const date = new Date(trashedAt).toISOString().replace('T', ' ').slice(0, 16)
    console.out(`${shown(from)}  ${sizeText(allocatedSize)}, deleted ${date}\n`)
  }
  return 0
}

function shown(path: string): string {
  const near = relative('.', path)
  return printable(near.startsWith('..') ? path : near)
}
