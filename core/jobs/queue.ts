// The queue: jobs wait their turn, run, report, and can be cancelled; every change is told as a whole new Job.

import { SpindleError, errorData } from '../model/error.ts'
import type { Job, JobResult, JobSpec, JobState, Progress } from '../model/job.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { OperationContext } from './operation.ts'
import { RateMeter } from './rate.ts'

/** Jobs at once: two would only take the disk from each other. */
const CONCURRENCY = 1
/** Milliseconds between two reports of one job's progress. */
const REPORT_INTERVAL = 100

export interface QueueParts {
  /** Carries out one job. Rejects with `cancelled` soon after the signal. */
  readonly run: (spec: JobSpec, context: OperationContext) => Promise<JobResult>
  readonly changed: (job: Job) => void
  readonly dismissed: (id: string) => void
  readonly concurrency?: number
  readonly clock?: Clock
}

interface Entry {
  job: Job
  readonly abort: AbortController
  /** Settles when the job has stopped, whatever way. */
  work?: Promise<void>
}

export class JobQueue {
  readonly #parts: QueueParts
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  #count = 0

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  /** The new job's id. */
  start(spec: JobSpec): string {
    this.#count += 1
    const id = `job-${this.#count}`
    const job: Job = { id, spec, state: { kind: 'queued' }, queuedAt: this.#clock.now() }
    this.#entries.set(id, { job, abort: new AbortController() })
    this.#parts.changed(job)
    this.#next()
    return id
  }

  /** Does nothing to a job that has ended, or that is past the point where it could be stopped. */
  cancel(id: string): void {
    const entry = this.#entry(id)
    const { state } = entry.job
    if (state.kind === 'queued') {
      this.#change(entry, { kind: 'cancelled' }, { endedAt: this.#clock.now() })
    } else if (state.kind === 'running' && state.cancellable) {
      this.#change(entry, { kind: 'cancelling' })
      entry.abort.abort()
    }
  }

  /** Forgets an ended job. Throws `invalid-argument` for one that has not ended. */
  dismiss(id: string): void {
    if (!hasEnded(this.#entry(id).job.state)) {
      throw new SpindleError('invalid-argument', 'This job has not ended yet. Cancel it first.')
    }
    this.#entries.delete(id)
    this.#parts.dismissed(id)
  }

  jobs(): readonly Job[] {
    return [...this.#entries.values()].map((entry) => entry.job)
  }

  /** Cancels everything and returns when nothing runs any more. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()]
    for (const entry of entries) this.cancel(entry.job.id)
    await Promise.all(entries.flatMap((entry) => entry.work ?? []))
  }

  #next(): void {
    const entries = [...this.#entries.values()]
    const running = entries.filter(({ job }) => job.state.kind === 'running' || job.state.kind === 'cancelling')
    const entry = entries.find(({ job }) => job.state.kind === 'queued')
    if (!entry || running.length >= (this.#parts.concurrency ?? CONCURRENCY)) return
    entry.work = this.#run(entry).then(() => this.#next())
    this.#next()
  }

  async #run(entry: Entry): Promise<void> {
    const reports = new Reports(this.#clock, (state) => {
      // Late words of a job that is being stopped no longer matter.
      if (entry.job.state.kind === 'running') this.#change(entry, state)
    })
    this.#change(entry, reports.state, { startedAt: this.#clock.now() })
    const state = await this.#outcome(entry, reports)
    reports.stop()
    this.#change(entry, state, { endedAt: this.#clock.now() })
  }

  async #outcome(entry: Entry, reports: Reports): Promise<JobState> {
    const { signal } = entry.abort
    try {
      const result = await this.#parts.run(entry.job.spec, {
        signal,
        progress: (progress) => reports.progress(progress),
        pointOfNoReturn: () => reports.commit(),
      })
      return { kind: 'succeeded', result }
    } catch (error) {
      const data = errorData(error)
      if (signal.aborted && data.code === 'cancelled') return { kind: 'cancelled' }
      return { kind: 'failed', error: { operation: entry.job.spec.kind, ...data } }
    }
  }

  #change(entry: Entry, state: JobState, times: Pick<Job, 'startedAt' | 'endedAt'> = {}): void {
    entry.job = { ...entry.job, ...times, state }
    this.#parts.changed(entry.job)
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw new SpindleError('invalid-argument', 'There is no such job any more.')
    return entry
  }
}

function hasEnded(state: JobState): boolean {
  return state.kind === 'succeeded' || state.kind === 'failed' || state.kind === 'cancelled'
}

type RunningState = Extract<JobState, { kind: 'running' }>

/** Thins one job's progress out to what a window can use, without ever losing the last word. */
class Reports {
  readonly #clock: Clock
  readonly #tell: (state: RunningState) => void
  readonly #rate = new RateMeter()
  #state: RunningState = { kind: 'running', progress: { phase: 'prepare', done: 0, total: 0 }, cancellable: true }
  #lastTold: number
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, tell: (state: RunningState) => void) {
    this.#clock = clock
    this.#tell = tell
    this.#lastTold = clock.now()
  }

  get state(): RunningState {
    return this.#state
  }

  progress(progress: Progress): void {
    this.#state = { ...this.#state, progress }
    const wait = this.#lastTold + REPORT_INTERVAL - this.#clock.now()
    if (wait <= 0) this.#report()
    else this.#cancelTimer ??= this.#clock.after(wait, () => this.#report())
  }

  commit(): void {
    this.#state = { ...this.#state, cancellable: false }
    this.#report()
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  #report(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#lastTold = this.#clock.now()
    const { progress, cancellable } = this.#state
    const rate = this.#rate.update(progress, this.#lastTold)
    this.#state = { kind: 'running', progress, cancellable, ...(rate !== undefined && { rate }) }
    this.#tell(this.#state)
  }
}
