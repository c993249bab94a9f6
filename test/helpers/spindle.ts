// The command line under test: inside this process for speed, as a program where that matters.

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { run } from '../../core/cli/main.ts'

export const SPINDLE = fileURLToPath(new URL('../../core/cli/spindle.ts', import.meta.url))

/** qemu-img opens whatever an image names: beside it, so do we, in the folders that tests make. */
process.env['SPINDLE_ALLOW'] ??= tmpdir()

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** Runs the command in this process. File names must be absolute: there is no folder of its own. */
export async function spindleHere(...words: readonly string[]): Promise<Outcome> {
  let out = ''
  let error = ''
  const console = {
    out: (text: string) => (out += text),
    error: (text: string) => (error += text),
    interactive: false,
    columns: () => 80,
  }
  const code = await run(words, console, new AbortController().signal)
  return { code, out, error }
}

export interface HowToRun {
  readonly cwd?: string
  /** Words in front of Node, for running it in another way. */
  readonly through?: readonly string[]
}

/** Runs the command as a program of its own. Ended after 20 s: it must never hang. */
export function spindle(words: readonly string[], { cwd, through = [] }: HowToRun = {}): Outcome {
  return runProgram([...through, process.execPath, SPINDLE, ...words], cwd)
}

export function runProgram([command = '', ...words]: readonly string[], cwd?: string): Outcome {
  const result = spawnSync(command, words, { cwd, encoding: 'utf8', timeout: 20_000 })
  if (result.error) throw result.error
  return { code: result.status, out: result.stdout, error: result.stderr }
}

export function startSpindle(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [SPINDLE, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
}
