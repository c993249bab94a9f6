// `spindle watch`: how far the jobs are that other spindle commands are doing.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import type { Command, Session } from './command.ts'
import { printable } from './console.ts'
import { refusal } from './failure.ts'
import { numberOf } from './numbers.ts'
import { progressView } from './progress.ts'
import { watchFolder } from './watched.ts'
import type { Watched } from './watched.ts'

const words: CommandWords = {
  name: 'watch',
  summary: 'Tell how far other spindle commands are',
  operands: '[PROCESS]',
  options: [],
  refused: [],
  notes: [
    'Without PROCESS it lists the jobs of spindle commands that are under way, those of yours on this machine. With the number of a process from that list it follows that job until it has ended; how it ended is told by the command itself.',
  ],
}

/** Milliseconds between two looks. */
const INTERVAL = 200

export const watch: Command = {
  words,
  async run(given, session) {
    const [number, ...others] = given.operands
    if (others.length > 0) throw usageError(words, 'Expecting one process at most')
    if (number !== undefined) return follow(numberOf('process', number, { least: 1 }), session)
    const jobs = running()
    if (jobs.length === 0) session.console.out('No spindle command is at work on a longer job.\n')
    for (const { process, kind, file, progress } of jobs) {
      const percent = progress.total > 0 ? Math.floor((progress.done / progress.total) * 100) : 0
      session.console.out(
        `${String(process).padEnd(9)}${`${percent}%`.padEnd(6)}${kind.padEnd(10)}${printable(file)}\n`,
      )
    }
    return 0
  },
}

async function follow(number: number, { console, signal }: Session): Promise<number> {
  const first = jobOf(number)
  if (!first) throw refusal(`No spindle command with the process number ${number} is at work on a longer job.`)
  const view = progressView(console)
  for (let job: Watched | undefined = first; job && !signal.aborted; job = jobOf(number)) {
    view.update(job.progress)
    await pause(INTERVAL)
  }
  view.end(false)
  return 0
}

function running(): readonly Watched[] {
  return namesIn(watchFolder()).flatMap((name) => {
    const [, number] = /^(\d+)\.json$/.exec(name) ?? []
    const job = number === undefined ? undefined : jobOf(Number(number))
    return job ? [job] : []
  })
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Nobody has made it: nothing is under way.
    return []
  }
}

/** Undefined when it has ended, or never was. */
function jobOf(number: number): Watched | undefined {
  if (!isAlive(number)) return undefined
  try {
    return JSON.parse(readFileSync(join(watchFolder(), `${number}.json`), 'utf8')) as Watched
  } catch {
    return undefined
  }
}

function isAlive(number: number): boolean {
  try {
    return process.kill(number, 0)
  } catch {
    return false
  }
}
