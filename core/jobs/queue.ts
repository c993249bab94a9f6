// The queue: jobs wait their turn, run, report, and can be held and cancelled; every change is told as a whole new Job.

import { randomUUID } from 'node:crypto'
import { SpindleError, errorData } from '../model/error.ts'
import type { Job, JobEvent, JobResult, JobSpec, JobState } from '../model/job.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { Entry as Recorded } from './journal-lines.ts'
import type { Journal } from './journal.ts'
import type { MadeFile } from './made-file.ts'
import type { OperationContext } from './operation.ts'
import { Reports } from './reports.ts'
import { hasEnded, isRunning } from './states.ts'
import { ANY_DISK, mayRun } from './turns.ts'
import type { Demand, Waiting } from './turns.ts'

/** Heavy jobs at once on one disk: two would only take it from each other. */
const CONCURRENCY = 1
/** Events of one job that are kept; what goes on for long enters the same phases again and again. */
const MOST_EVENTS = 100

export interface QueueParts {
  /** Carries out one job. Rejects with `cancelled` soon after the signal. */
  readonly run: (spec: JobSpec, context: OperationContext) => Promise<JobResult>
  /** Puts back what a job left behind that was cut off. */
  readonly recover?: (made: readonly MadeFile[]) => Promise<void>
  /** Left out, all jobs take the same disk. */
  readonly demand?: (spec: JobSpec) => Promise<Demand>
  /** Left out, nothing is remembered. */
  readonly journal?: Journal
  readonly changed: (job: Job) => void
  readonly dismissed: (id: string) => void
  readonly concurrency?: number
  readonly clock?: Clock
}

interface Entry {
  job: Job
  abort: AbortController
  /** Undefined until it is known, before which the job does not run. */
  demand: Demand | undefined
  /** While the job is to stand still. */
  hold?: PromiseWithResolvers<void> | undefined
  reports?: Reports
  /** What an earlier attempt left behind, to be put back before the next one. */
  left?: readonly MadeFile[] | undefined
  /** Settles when the job has stopped, whatever way. */
  work?: Promise<void>
}

export class JobQueue {
  readonly #parts: QueueParts
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  /** Lines of the journal that are on their way. */
  readonly #noting = new Set<Promise<void>>()

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  /** The new job's id. */
  start(spec: JobSpec): string {
    const id = randomUUID()
    const at = this.#clock.now()
    const job: Job = { id, spec, state: { kind: 'queued' }, queuedAt: at, events: [{ kind: 'asked', at }] }
    const entry: Entry = { job, abort: new AbortController(), demand: undefined }
    this.#entries.set(id, entry)
    this.#parts.changed(job)
    this.#prepare(entry, async () => this.#parts.journal?.asked(id, spec, at))
    return id
  }

  /** A job of an earlier run of the program, which ended before it did. */
  restore({ id, spec, askedAt, begunAt, made }: Recorded, finished: boolean): void {
    const begun = begunAt !== undefined
    const state: JobState = { kind: 'interrupted', begun, finished }
    const events: readonly JobEvent[] = [
      { kind: 'asked', at: askedAt },
      ...(begun ? [{ kind: 'begun', at: begunAt } as const] : []),
      { kind: 'interrupted', at: this.#clock.now() },
    ]
    const job: Job = { id, spec, state, queuedAt: askedAt, ...(begun && { startedAt: begunAt }), events }
    this.#entries.set(id, { job, abort: new AbortController(), demand: undefined, left: made })
    this.#parts.changed(job)
  }

  /** Runs an interrupted job again, once what it left behind is put back. */
  resume(id: string): void {
    const entry = this.#entry(id)
    const { state } = entry.job
    if (state.kind !== 'interrupted' || state.finished) throw refusal('There is nothing to resume in this job.')
    entry.abort = new AbortController()
    this.#change(entry, { kind: 'queued' }, {}, 'resumed')
    this.#prepare(entry, async () => undefined)
  }

  /** Puts back what an interrupted job left behind, and forgets it. */
  async discard(id: string): Promise<void> {
    const entry = this.#entry(id)
    const { state } = entry.job
    if (state.kind !== 'interrupted') throw refusal('There is nothing to discard of this job.')
    await this.#recover(entry)
    await this.#parts.journal?.noteEnd(id, state.finished ? state : { kind: 'cancelled' }, this.#clock.now())
    this.#forget(id)
  }

  /** Asks for a failed or cancelled job again, in its place. The new job's id. */
  retry(id: string): string {
    const { job } = this.#entry(id)
    if (job.state.kind !== 'failed' && job.state.kind !== 'cancelled')
      throw refusal('Only a job that failed or was cancelled can be tried again.')
    const again = this.start(job.spec)
    this.dismiss(id)
    return again
  }

  /** Does nothing to a job that does not run, or is past the point where it could be stopped. */
  pause(id: string): void {
    const entry = this.#entry(id)
    const { state } = entry.job
    if (state.kind !== 'running' || !state.cancellable || entry.hold) return
    entry.hold = Promise.withResolvers()
    this.#note(entry, 'paused')
    entry.reports?.pause(true)
    this.#next()
  }

  continue(id: string): void {
    const entry = this.#entry(id)
    if (!entry.hold) return
    this.#release(entry)
    this.#note(entry, 'continued')
    entry.reports?.pause(false)
  }

  /** Does nothing to a job that has ended, or that is past the point where it could be stopped. */
  cancel(id: string): void {
    const entry = this.#entry(id)
    const { state } = entry.job
    if (state.kind === 'queued') {
      if (entry.left) this.#change(entry, { kind: 'interrupted', begun: true, finished: false })
      else this.#end(entry, { kind: 'cancelled' })
      this.#next()
    } else if (state.kind === 'running' && state.cancellable) {
      this.#change(entry, { kind: 'cancelling' }, {}, 'cancelling')
      entry.abort.abort()
      this.#release(entry)
    }
  }

  /** Forgets an ended job. Throws `invalid-argument` for one that has not ended. */
  dismiss(id: string): void {
    if (!hasEnded(this.#entry(id).job.state)) throw refusal('This job has not ended yet. Cancel it first.')
    this.#forget(id)
  }

  jobs(): readonly Job[] {
    return [...this.#entries.values()].map((entry) => entry.job)
  }

  /** Cancels everything and returns when nothing runs any more. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()]
    for (const entry of entries) this.cancel(entry.job.id)
    await Promise.all(entries.flatMap((entry) => entry.work ?? []))
    await Promise.all(this.#noting)
  }

  /** A job runs only once it stands in the journal. */
  #prepare(entry: Entry, record: () => Promise<void>): void {
    const { demand, journal } = this.#parts
    if (!demand && !journal) {
      entry.demand = ANY_DISK
      this.#next()
      return
    }
    const preparing = (async () => {
      await record()
      entry.demand = (await demand?.(entry.job.spec)) ?? ANY_DISK
      this.#next()
    })()
    this.#noting.add(preparing)
    void preparing.finally(() => this.#noting.delete(preparing))
  }

  #next(): void {
    const before: Waiting[] = []
    for (const { job, demand, hold } of this.#entries.values())
      if (isRunning(job.state) && demand) before.push({ demand, paused: hold !== undefined })
    for (const entry of this.#entries.values()) {
      const { job, demand } = entry
      if (job.state.kind !== 'queued' || !demand) continue
      const free = mayRun(demand, before, this.#parts.concurrency ?? CONCURRENCY)
      before.push({ demand, paused: false })
      if (free) entry.work = this.#run(entry).then(() => this.#next())
    }
  }

  async #run(entry: Entry): Promise<void> {
    const reports = new Reports(this.#clock, {
      // Late words of a job that is being stopped no longer matter.
      tell: (state) => {
        if (entry.job.state.kind === 'running') this.#change(entry, state)
      },
      entered: (phase) => this.#note(entry, phase),
    })
    entry.reports = reports
    this.#change(entry, reports.state, { startedAt: this.#clock.now() }, 'begun')
    const state = await this.#outcome(entry, reports)
    reports.stop()
    this.#release(entry)
    if (hasEnded(state)) this.#end(entry, state)
    else this.#change(entry, state)
  }

  async #outcome(entry: Entry, reports: Reports): Promise<JobState> {
    const { signal } = entry.abort
    const { id, spec } = entry.job
    const { journal, run } = this.#parts
    try {
      if (entry.left) await this.#recover(entry)
    } catch (error) {
      return { kind: 'interrupted', begun: true, finished: false, error: errorData(error) }
    }
    try {
      if (journal) await journal.begun(id, this.#clock.now())
      const result = await run(spec, {
        signal,
        progress: (progress) => reports.progress(progress),
        pointOfNoReturn: () => {
          journal?.final(id)
          this.#note(entry, 'final')
          reports.commit()
        },
        held: () => entry.hold?.promise,
        ...(journal && { making: async (path: string) => journal.making(id, path) }),
      })
      return { kind: 'succeeded', result }
    } catch (error) {
      const data = errorData(error)
      if (signal.aborted && data.code === 'cancelled') return { kind: 'cancelled' }
      return { kind: 'failed', error: { operation: spec.kind, ...data } }
    }
  }

  async #recover(entry: Entry): Promise<void> {
    await this.#parts.recover?.(entry.left ?? [])
    entry.left = undefined
    this.#note(entry, 'recovered')
  }

  #release(entry: Entry): void {
    entry.hold?.resolve()
    entry.hold = undefined
  }

  #end(entry: Entry, state: JobState): void {
    const endedAt = this.#clock.now()
    const { journal } = this.#parts
    if (journal) {
      const noted = journal.noteEnd(entry.job.id, state, endedAt)
      this.#noting.add(noted)
      void noted.finally(() => this.#noting.delete(noted))
    }
    this.#change(entry, state, { endedAt })
  }

  #note(entry: Entry, kind: JobEvent['kind']): void {
    const { events = [] } = entry.job
    if (events.length < MOST_EVENTS) entry.job = { ...entry.job, events: [...events, { kind, at: this.#clock.now() }] }
  }

  #change(
    entry: Entry,
    state: JobState,
    times: Pick<Job, 'startedAt' | 'endedAt'> = {},
    event?: JobEvent['kind'],
  ): void {
    if (event) this.#note(entry, event)
    entry.job = { ...entry.job, ...times, state }
    this.#parts.changed(entry.job)
  }

  #forget(id: string): void {
    this.#entries.delete(id)
    this.#parts.dismissed(id)
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw refusal('There is no such job any more.')
    return entry
  }
}

function refusal(message: string): SpindleError {
  return new SpindleError('invalid-argument', message)
}
