// Running a program to its end and saying what it cost.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import koffi from 'koffi'

export interface Cost {
  /** Seconds. */
  readonly wall: number
  /** Seconds of user and system time, threads together. */
  readonly cpu: number
  /** Highest resident memory seen, in bytes. */
  readonly peak: number
}

const RUSAGE_CHILDREN = -1
const getrusage = koffi.load('libc.so.6').func('int getrusage(int who, _Out_ int64_t *usage)')

/** CPU seconds of all children that have ended so far. */
function childrenCpu(): number {
  const usage = new BigInt64Array(18)
  getrusage(RUSAGE_CHILDREN, usage)
  const [userSeconds = 0n, userMicros = 0n, systemSeconds = 0n, systemMicros = 0n] = usage
  return Number(userSeconds + systemSeconds) + Number(userMicros + systemMicros) / 1e6
}

/** Throws when the program does not end with 0. Programs are to be run one at a time. */
export async function run(command: readonly string[]): Promise<Cost> {
  const [program = '', ...args] = command
  const before = childrenCpu()
  const started = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, highWater(child.pid))
  }, 5)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(watch)
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${errors}`)
  return { wall: (performance.now() - started) / 1000, cpu: childrenCpu() - before, peak }
}

function highWater(pid: number | undefined): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib ?? 0) * 1024
  } catch {
    return 0 // it has just ended
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
