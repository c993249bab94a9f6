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
import type { Session } from './command.ts'
import { COMMANDS } from './commands.ts'
import { systemConsole } from './console.ts'
import type { Console } from './console.ts'
import { errorText, told } from './failure.ts'
import { programName } from './program.ts'
import { watched } from './watched.ts'

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
  const [topic] = rest
  if (name === 'help' && topic !== undefined && COMMANDS.has(topic)) return dispatch([topic, '--help'], console, signal)
  if (name === '--help' || name === '-h' || name === 'help') {
    const { differencesText, generalHelp } = await import('./help.ts')
    if (topic === 'differences') {
      console.out(differencesText())
      return 0
    }
    if (topic !== undefined) throw usageError(general, `There is no command ${topic} to explain`)
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
  const plans = name === 'plan'
  if (plans && topic === undefined) throw usageError(general, 'Expecting the command to plan')
  return perform(plans ? (topic ?? '') : name, plans ? rest.slice(1) : rest, plans, { console, signal })
}

type Surroundings = Pick<Session, 'console' | 'signal'>

async function perform(
  name: string,
  rest: readonly string[],
  plans: boolean,
  { console, signal }: Surroundings,
): Promise<number> {
  const command = await COMMANDS.get(name)?.load()
  if (!command) throw usageError({ name: '' }, `Command not found: ${name}`)
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
    const operations = watched(openOperations({ ...sharing, secrets: keyring, allowed: allowedBy(words) }))
    const meant = withDescriptions(command.words, words)
    try {
      const session = { console, signal, operations }
      if (plans) return await (await import('./plan.ts')).plan(command, meant, session)
      return await command.run(meant, session)
    } catch (error) {
      throw told(error, meant)
    }
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
