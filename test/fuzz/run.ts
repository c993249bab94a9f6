// `npm run fuzz -- --minutes N [--format qcow2] [--seed S]`: damaged images until the time is up; those that fail are kept.

import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { tally } from '../helpers/tally.ts'
import { caseOf, keep } from './case.ts'
import { victims } from './victims.ts'
import type { WorkerData, WorkerMessage } from './worker.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    format: { type: 'string' },
    seed: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
const { format } = values
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const among = await victims(format)
if (!(minutes > 0) || among.length === 0) {
  console.error('Usage: npm run fuzz -- --minutes N [--format qcow2] [--seed S]')
  process.exit(2)
}

/** Much more than any case takes, on any machine. */
const HANG = 60_000
const LONGEST_HEAP = 512

let count = 0
const failures = new Map<string, string>()

/** One thread from `seed` on. Resolves with the seed to go on from, when it had to be ended, or the time is up. */
function batch(seed: number, deadline: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const data: WorkerData = { format, firstSeed: seed }
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: LONGEST_HEAP },
  })
  let current = seed
  let watchdog: NodeJS.Timeout | undefined
  let isOver = false
  const end = (problem: string | undefined): void => {
    isOver = true
    clearTimeout(watchdog)
    if (problem !== undefined) fail(current, problem)
    void worker.terminate().then(() => resolve(current + 1))
  }
  worker.on('message', (message: WorkerMessage) => {
    if (isOver) return
    current = message.seed
    clearTimeout(watchdog)
    watchdog = setTimeout(() => end('does not end'), HANG)
    if (!message.isOver) return
    count += 1
    if (message.problem !== undefined) fail(message.seed, message.problem)
    if (performance.now() >= deadline) end(undefined)
  })
  worker.on('error', (error) => end(error instanceof Error ? (error.stack ?? error.message) : String(error)))
  return promise
}

/** Problems of one kind are told, and kept, once. */
function fail(seed: number, problem: string): void {
  const kind = problem.split('\n').slice(0, 2).join(' ').replaceAll(/\d+/g, '#')
  if (failures.has(kind)) return
  const { mutant } = caseOf(seed, among)
  failures.set(kind, keep(mutant, problem))
  console.log(`seed ${seed}: ${mutant.words}\n  ${problem}\n  kept as ${failures.get(kind) ?? ''}`)
}

const deadline = performance.now() + minutes * 60_000
for (let seed = firstSeed; performance.now() < deadline;) seed = await batch(seed, deadline)
tally('fuzz cases', count)
tally('fuzz failures', failures.size)
console.log(`${count} cases from seed ${firstSeed} on, ${failures.size} kinds of failures`)
process.exitCode = failures.size > 0 ? 1 : 0
