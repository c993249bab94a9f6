// A program that kills others in the middle of jobs, puts right what they left as the application does when it starts
// again, and looks. Started with `--single-threaded`; prints one line for each kill that went wrong, and a last one.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callsSoFar, dieAt, takeOverCalls } from './calls.ts'
import type { Death } from './calls.ts'
import { killSelf, runAndKill } from './fork.ts'

takeOverCalls()
// The engine and all that is made of it comes after that, so that no call of theirs goes past the count.
const { createEngine } = await import('../../../core/index.ts')
const { Journal } = await import('../../../core/jobs/journal.ts')
const { undo, undoState } = await import('../../../core/operations/undo.ts')
const { newestOracle } = await import('../../helpers/oracles.ts')
const { Qemu } = await import('../../helpers/qemu.ts')
const { randomFrom } = await import('../../helpers/seeds.ts')
const { CASES } = await import('./cases.ts')
const { bytesOf, meaningOf } = await import('./verdict.ts')

type Case = (typeof CASES)[number]
type Bytes = ReturnType<typeof bytesOf>
type Engine = ReturnType<typeof createEngine>

const JOURNAL = 'jobs.jsonl'
/** Calls of a recovery among which one is chosen to die in it as well. */
const RECOVERY_CALLS = 40
/** Starts of one program, where Node's own memory was not there. */
const MOST_TRIES = 20

/** A case with its images made, and what they hold before and afterwards. */
interface Prepared {
  readonly one: Case
  readonly template: string
  readonly names: readonly string[]
  readonly before: Bytes
  readonly meaningBefore: readonly string[]
  readonly meaningAfter: readonly string[]
  /** How many calls it takes, and how many microseconds. */
  readonly calls: number
  readonly time: number
}

const [seed = 1, kills = 28] = process.argv.slice(2).map(Number)
const random = randomFrom(seed)
const scratch = mkdtempSync(join(tmpdir(), 'spindle-kills-'))
const work = join(scratch, 'work')
let failures = 0

try {
  const prepared: Prepared[] = []
  for (const one of CASES.slice(0, kills)) prepared.push(await prepare(one))
  for (let count = 0; count < kills; count += 1) {
    const chosen = prepared[count % prepared.length]
    if (chosen) await killOnce(chosen, count)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(JSON.stringify({ kills, failures }))

async function prepare(one: Case): Promise<Prepared> {
  const template = mkdtempSync(join(scratch, 'template-'))
  one.make(new Qemu(newestOracle(), template))
  const names = [...new Set([...one.images, ...(one.made ?? [])])]
  const before = bytesOf(template, names)
  const meaningBefore = await meanings(template, one.images, before)
  let started = 0
  await untilKilled(template, async () => {
    started = performance.now()
    return runAndKill(async () => {
      dieAt(Infinity, 'before', killSelf)
      await act(one)
      // Where the one that waits for it finds it.
      mkdirSync(join(scratch, `calls-${callsSoFar()}`))
      return killSelf()
    })
  })
  const time = (performance.now() - started) * 1000
  const told = readdirSync(scratch).find((name) => name.startsWith('calls-')) ?? 'calls-0'
  rmSync(join(scratch, told), { recursive: true })
  const meaningAfter = await meanings(work, names, bytesOf(work, names))
  const padded = names.map((_, index) => meaningBefore[index] ?? 'not there')
  return { one, template, names, before, meaningBefore: padded, meaningAfter, calls: Number(told.slice(6)), time }
}

async function untilKilled(template: string, run: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    layOut(template)
    if (await run()) return
  }
  throw new Error('this Node cannot be forked')
}

/** Damage that is there to be repaired is no news. */
async function meanings(folder: string, names: readonly string[], bytes: Bytes): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of names)
    found.push(await meaningOf(folder, name, bytes).catch((error: unknown) => `damaged: ${String(error).slice(0, 40)}`))
  return found
}

function layOut(template: string): void {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  for (const name of readdirSync(template)) copyFileSync(join(template, name), join(work, name))
}

function at(name: string): string {
  return join(work, name)
}

/** Does all of it, as the application does. */
async function act({ job, run }: Case): Promise<void> {
  if (!job) {
    await run?.(at)
    return
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const engine = open((state) => {
    if (state === 'succeeded') resolve()
    else if (state === 'failed' || state === 'cancelled') reject(new Error(`the job ${state}`))
  })
  await engine.startJob(job(at))
  await promise
  await engine.close()
}

function open(ended: (state: string, why: string) => void): Engine {
  return createEngine({
    emit: (name, value) => {
      if (name === 'problem') throw new Error(JSON.stringify(value))
      if (name !== 'job' || !('state' in (value as object))) return
      const { state } = value as {
        readonly state: { readonly kind: string; readonly error?: { readonly message: string } }
      }
      ended(state.kind, state.error?.message ?? '')
    },
    journal: at(JOURNAL),
  })
}

async function killOnce(chosen: Prepared, count: number): Promise<void> {
  const { one, calls, time } = chosen
  const byTime = random.happens(0.2)
  const number = 1 + random.below(calls)
  const how = random.pick<Death>(['before', 'after', 'half'])
  const again = random.happens(0.25)
  const resumes = random.happens(0.5)
  const second = 1 + random.below(RECOVERY_CALLS)
  const after = Math.floor(random.below(1_000_000) * (time / 1_000_000))
  const what = `${one.name}, ${byTime ? `killed after ${after} µs` : `killed ${how} call ${number} of ${calls}`}${again ? `, and again at call ${second} of the recovery` : ''}, ${resumes ? 'resumed' : 'discarded'} (seed ${seed}, kill ${count})`
  try {
    const die = async (work: () => Promise<void>, at: number): Promise<boolean> =>
      runAndKill(
        async () => {
          dieAt(at, how, killSelf)
          await work()
          return killSelf()
        },
        byTime ? after : undefined,
      )
    await untilKilled(chosen.template, async () => die(async () => act(one), byTime ? Infinity : number))
    if (again) await die(async () => void (await recover(one, resumes)), second)
    const expected = await recover(one, resumes)
    await judge(chosen, expected)
  } catch (error) {
    failures += 1
    console.log(JSON.stringify({ what, error: error instanceof Error ? error.message : String(error) }))
  }
}

type Expected = 'before' | 'after' | 'either'

/** As somebody does who starts the application again. */
async function recover({ job, images }: Case, resumes: boolean): Promise<Expected> {
  if (!job) {
    for (const name of images) if ((await undoState(at(name)))?.complete === false) await undo(at(name))
    return 'either'
  }
  const { journal } = Journal.open(at(JOURNAL), (error) => {
    throw error
  })
  const unfinished = journal.unfinished().length
  journal.close()
  if (unfinished === 0) return 'either'
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const engine = open((state, why) => {
    if (state === 'succeeded') resolve()
    else if (state === 'failed' || state === 'cancelled') reject(new Error(`resumed, the job ${state}: ${why}`))
  })
  const [offered] = await offers(engine)
  if (!offered || offered.state.kind !== 'interrupted') throw new Error('the job is not offered again')
  const { finished } = offered.state
  if (resumes && !finished) {
    await engine.resumeJob(offered.id)
    await promise
  } else {
    await engine.discardJob(offered.id)
  }
  await engine.close()
  return resumes || finished ? 'after' : 'before'
}

async function offers(engine: Engine): ReturnType<Engine['jobs']> {
  for (;;) {
    const jobs = await engine.jobs()
    if (jobs.length > 0) return jobs
  }
}

async function judge({ one, names, before, meaningBefore, meaningAfter }: Prepared, expected: Expected): Promise<void> {
  for (const name of readdirSync(work)) {
    if (names.includes(name) || name === JOURNAL) continue
    // A change that is complete may be offered to be undone.
    const image = name.replace(/\.spindle-undo$/, '')
    if (image !== name && (await undoState(at(image)))?.complete === true) continue
    throw new Error(`${name} was left behind`)
  }
  const bytes = bytesOf(work, names)
  const isBefore = names.every((name) => bytes.get(name) === before.get(name))
  if (isBefore && expected !== 'after') return
  const found: string[] = []
  for (const name of names) found.push(await meaningOf(work, name, bytes))
  if (JSON.stringify(found) === JSON.stringify(meaningAfter) && expected !== 'before') return
  const wrong = names.filter(
    (_, index) => found[index] !== meaningBefore[index] && found[index] !== meaningAfter[index],
  )
  if (one.inSteps === true && wrong.length === 0 && expected !== 'after') return
  throw new Error(
    `it is to be as ${expected}; wrong: ${wrong.join(', ') || 'some as before, some as afterwards'}: ${JSON.stringify(names.map((name, index) => [name, found[index], meaningBefore[index], meaningAfter[index]]).filter(([, now, , after]) => now !== after))}`,
  )
}
