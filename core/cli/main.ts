// The `spindle` command: finds the subcommand, runs it, and turns whatever happens into words and an exit code.

import { createRequire } from 'node:module'
import { delimiter, resolve } from 'node:path'
import { openOperations } from '../index.ts'
import type { OperationsOptions } from '../index.ts'
import { errorData } from '../model/error.ts'
import { parseWords, usageError } from './arguments.ts'
import type { Words } from './arguments.ts'
import { withDescriptions } from './image-options.ts'
import { keyringFor } from './secrets.ts'
import { ALLOW } from './command.ts'
import type { Command } from './command.ts'
import { systemConsole } from './console.ts'
import type { Console } from './console.ts'
import { errorText } from './failure.ts'
import { programName } from './program.ts'

interface Entry {
  readonly summary: string
  /** Loaded when it is called for: a command starts no slower for what the others need. */
  readonly load: () => Promise<Command>
}

const COMMANDS: ReadonlyMap<string, Entry> = new Map([
  [
    'amend',
    { summary: 'Change format options of an existing image', load: async () => (await import('./amend.ts')).amend },
  ],
  ['bench', { summary: 'Measure how fast an image answers', load: async () => (await import('./bench.ts')).bench }],
  [
    'bitmap',
    {
      summary: 'Add, change and remove the dirty bitmaps in an image',
      load: async () => (await import('./bitmap.ts')).bitmap,
    },
  ],
  [
    'bypass',
    {
      summary: 'Put what lies on an image onto what lies below it',
      load: async () => (await import('./bypass.ts')).bypass,
    },
  ],
  [
    'check',
    { summary: 'Look for errors and leaks, and mend them', load: async () => (await import('./check.ts')).check },
  ],
  ['commit', { summary: 'Commit image to its backing file', load: async () => (await import('./commit.ts')).commit }],
  [
    'compare',
    { summary: 'Say whether two disks hold the same', load: async () => (await import('./compare.ts')).compare },
  ],
  [
    'contents',
    {
      summary: 'Tell which partitions and file systems lie on a disk',
      load: async () => (await import('./contents.ts')).contents,
    },
  ],
  [
    'convert',
    {
      summary: 'Write a disk anew, in any format',
      load: async () => (await import('./convert.ts')).convert,
    },
  ],
  ['create', { summary: 'Make a new disk image', load: async () => (await import('./create.ts')).create }],
  ['dd', { summary: 'Copy a piece of a disk into a new image', load: async () => (await import('./dd.ts')).dd }],
  [
    'info',
    { summary: 'Tell what an image is and what lies below it', load: async () => (await import('./info.ts')).info },
  ],
  ['map', { summary: 'Tell where every part of a disk is stored', load: async () => (await import('./map.ts')).map }],
  ['cp', { summary: 'Copy an image with all its files', load: async () => (await import('./mv.ts')).cp }],
  ['mv', { summary: 'Rename or move an image with all that follows', load: async () => (await import('./mv.ts')).mv }],
  ['trash', { summary: 'Delete images, and put them back', load: async () => (await import('./trash.ts')).trash }],
  [
    'measure',
    {
      summary: 'Tell how large a new image would be',
      load: async () => (await import('./measure.ts')).measure,
    },
  ],
  ['rebase', { summary: 'Change backing file of the image', load: async () => (await import('./rebase.ts')).rebase }],
  ['resize', { summary: 'Make a disk larger or smaller', load: async () => (await import('./resize.ts')).resize }],
  [
    'snapshot',
    {
      summary: 'List, take, restore, rename and delete snapshots',
      load: async () => (await import('./snapshot.ts')).snapshot,
    },
  ],
  [
    'tree',
    {
      summary: 'Show all images of a folder and what lies on what',
      load: async () => (await import('./tree.ts')).tree,
    },
  ],
  ['undo', { summary: 'Take back the last change in place', load: async () => (await import('./undo.ts')).undo }],
])

/** As the shell has it for a program that a signal ended. */
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

/** Runs the command line and ends the process. */
export async function main(given: readonly string[]): Promise<never> {
  const console = systemConsole()
  const abort = new AbortController()
  let interrupted: number | undefined
  for (const [signal, code] of SIGNALS) {
    process.on(signal, () => {
      interrupted ??= code
      abort.abort()
    })
  }
  process.on('uncaughtException', (error) => {
    console.error(errorText(errorData(error)))
    process.exit(1)
  })
  const code = await run(given, console, abort.signal)
  process.exit(interrupted !== undefined && code !== 0 ? interrupted : code)
}

/** Everything but ending the process. Returns the exit code. */
export async function run(given: readonly string[], console: Console, signal: AbortSignal): Promise<number> {
  try {
    return await dispatch(given, console, signal)
  } catch (error) {
    const data = errorData(error)
    // Whoever pressed Ctrl-C knows.
    if (data.code !== 'cancelled' || !signal.aborted) console.error(errorText(data))
    return 1
  }
}

async function dispatch([name, ...rest]: readonly string[], console: Console, signal: AbortSignal): Promise<number> {
  const general = { name: '' }
  if (name === undefined) throw usageError(general, 'Not enough arguments')
  if (name === '--help' || name === '-h' || name === 'help') {
    const { generalHelp } = await import('./help.ts')
    console.out(
      generalHelp(
        version(),
        [...COMMANDS].map(([command, { summary }]) => [command, summary]),
      ),
    )
    return 0
  }
  if (name === '--version' || name === '-V') {
    console.out(`${programName()} version ${version()}\n`)
    return 0
  }
  const command = await COMMANDS.get(name)?.load()
  if (!command) throw usageError(general, `Command not found: ${name}`)
  const known = { ...command.words, options: [...command.words.options, ALLOW] }
  const words = parseWords(known, rest)
  if (words.has('help')) {
    const { commandHelp } = await import('./help.ts')
    console.out(commandHelp(known))
    return 0
  }
  // qemu-img minds others also where it only looks.
  const sharing = words.has('force-share')
    ? ({ looks: 'shared', reads: 'shared' } as const)
    : ({ looks: 'tested' } as const)
  const keyring = await keyringFor(words.texts('object'), console)
  try {
    const operations = openOperations({ ...sharing, secrets: keyring, allowed: allowedBy(words) })
    return await command.run(withDescriptions(command.words, words), { console, signal, operations })
  } finally {
    keyring.clear()
  }
}

/** qemu-img opens whatever an image names, and scripts that call us by its name count on it. */
function allowedBy(words: Words): NonNullable<OperationsOptions['allowed']> {
  if (programName() === 'qemu-img') return 'all'
  const always = (process.env['SPINDLE_ALLOW'] ?? '').split(delimiter).filter((path) => path !== '')
  const paths = [...words.texts('allow'), ...always].map((path) => resolve(path))
  return () => paths
}

/** The package's: this file is two folders below it, as source and as built. */
function version(): string {
  return (createRequire(import.meta.url)('../../package.json') as { readonly version: string }).version
}
