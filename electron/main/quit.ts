// Quitting: asks while jobs run, then waits until the engine has let go of every file.

export interface QuitOptions {
  readonly unfinishedJobs: () => number
  /** True to stop them. */
  readonly ask: (jobCount: number) => Promise<boolean>
  readonly stop: () => Promise<void>
  /** Ends the application; only called once everything has stopped. */
  readonly quit: () => void
}

export class Quitting {
  readonly #options: QuitOptions
  #step: 'none' | 'asking' | 'stopping' | 'stopped' = 'none'

  constructor(options: QuitOptions) {
    this.#options = options
  }

  /** Whether the application may end at this very moment. */
  get ready(): boolean {
    return this.#step === 'stopped'
  }

  /** Asks, stops and quits. While one request is being dealt with, others change nothing. */
  async request(): Promise<void> {
    if (this.#step !== 'none') return
    this.#step = 'asking'
    const { unfinishedJobs, ask, stop, quit } = this.#options
    const jobCount = unfinishedJobs()
    if (jobCount > 0 && !(await ask(jobCount))) {
      this.#step = 'none'
      return
    }
    this.#step = 'stopping'
    await stop()
    this.#step = 'stopped'
    quit()
  }
}
