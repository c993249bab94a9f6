// What a running job reports, thinned out to what a window can use, without ever losing the last word.

import type { JobState, Phase, Progress } from '../model/job.ts'
import type { Clock } from './clock.ts'
import { RateMeter } from './rate.ts'

/** Milliseconds between two reports of one job's progress. */
const INTERVAL = 100

export type RunningState = Extract<JobState, { kind: 'running' }>

export interface Listeners {
  readonly tell: (state: RunningState) => void
  /** The first word of a phase. */
  readonly entered: (phase: Phase) => void
}

export class Reports {
  readonly #clock: Clock
  readonly #listeners: Listeners
  #rate = new RateMeter()
  #state: RunningState = { kind: 'running', progress: { phase: 'prepare', done: 0, total: 0 }, cancellable: true }
  #phase: Phase | undefined
  #lastTold: number
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, listeners: Listeners) {
    this.#clock = clock
    this.#listeners = listeners
    this.#lastTold = clock.now()
  }

  get state(): RunningState {
    return this.#state
  }

  progress(progress: Progress): void {
    if (progress.phase !== this.#phase) this.#listeners.entered(progress.phase)
    this.#phase = progress.phase
    this.#state = { ...this.#state, progress }
    const wait = this.#lastTold + INTERVAL - this.#clock.now()
    if (wait <= 0) this.#report()
    else this.#cancelTimer ??= this.#clock.after(wait, () => this.#report())
  }

  commit(): void {
    this.#state = { ...this.#state, cancellable: false }
    this.#report()
  }

  /** Standing still is no pace: it is measured anew afterwards. */
  pause(paused: boolean): void {
    const { progress, cancellable } = this.#state
    this.#rate = new RateMeter()
    this.#state = { kind: 'running', progress, cancellable, ...(paused && { paused }) }
    this.#report()
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  #report(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#lastTold = this.#clock.now()
    const { progress, cancellable, paused } = this.#state
    const rate = paused ? undefined : this.#rate.update(progress, this.#lastTold)
    this.#state = {
      kind: 'running',
      progress,
      cancellable,
      ...(rate !== undefined && { rate }),
      ...(paused && { paused }),
    }
    this.#listeners.tell(this.#state)
  }
}
