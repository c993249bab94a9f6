// Jobs as the desktop shows them: progress on the taskbar, and a word when one ends and nobody is looking.

import type { BrowserWindow } from 'electron'
import type { TFunction } from 'i18next'
import type { JobView } from '../contract/data.ts'

export interface JobSignalsOptions {
  readonly window: () => BrowserWindow | undefined
  readonly words: TFunction
  /** Shows a notification of the system's. */
  readonly notify: (title: string, body: string) => void
}

/** Jobs shorter than this, in milliseconds, are over before one can look away. */
const WORTH_TELLING = 5000
const NO_BAR = -1
/** More than 1: busy, without a figure. */
const UNKNOWN = 2

export class JobSignals {
  readonly #options: JobSignalsOptions
  #shown = NO_BAR

  constructor(options: JobSignalsOptions) {
    this.#options = options
  }

  /** To be called with every change of a job, and all jobs as they are then. */
  update(changed: JobView, all: readonly JobView[]): void {
    this.#showProgress(all)
    const window = this.#options.window()
    if (window?.isFocused() === true) return
    const text = this.#ending(changed)
    if (text) this.#options.notify(text.title, text.body)
  }

  #showProgress(jobs: readonly JobView[]): void {
    const part = partDone(jobs)
    // What cannot be seen need not be told.
    const shown = part > 0 && part < 1 ? Math.floor(part * 100) / 100 : part
    const window = this.#options.window()
    if (!window || shown === this.#shown) return
    this.#shown = shown
    const paused = jobs.some(({ state }) => state.kind === 'running' && state.paused)
    window.setProgressBar(shown, { mode: paused ? 'paused' : 'normal' })
  }

  #ending({
    state,
    target,
    startedAt = 0,
    endedAt,
  }: JobView): { readonly title: string; readonly body: string } | undefined {
    if (endedAt === undefined) return undefined
    const { words } = this.#options
    if (state.kind === 'failed') return { title: words('jobs.failed', { name: target }), body: state.error.message }
    if (state.kind !== 'succeeded' || endedAt - startedAt < WORTH_TELLING) return undefined
    return { title: words('jobs.done'), body: target }
  }
}

/** Of all that run together, 0 to 1. */
function partDone(jobs: readonly JobView[]): number {
  const running = jobs.flatMap(({ state }) => (state.kind === 'running' ? [state.progress] : []))
  if (running.length === 0) return NO_BAR
  const total = running.reduce((sum, progress) => sum + progress.total, 0)
  if (total === 0) return UNKNOWN
  return Math.min(1, running.reduce((sum, { done }) => sum + done, 0) / total)
}
