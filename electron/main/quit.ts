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
  #asking = false
  #ending: Promise<void> | undefined
  #ready = false

  constructor(options: QuitOptions) {
    this.#options = options
  }

  /** Whether the application may end at this very moment. */
  get ready(): boolean {
    return this.#ready
  }

  /** Asks when jobs are under way, stops them and quits. While it asks or stops, asking again changes nothing. */
  async request(): Promise<void> {
    if (this.#asking || this.#ending) return
    const jobCount = this.#options.unfinishedJobs()
    if (jobCount > 0) {
      this.#asking = true
      const stops = await this.#options.ask(jobCount)
      this.#asking = false
      if (!stops) return
    }
    await this.now()
  }

  /** Stops and quits without asking: the system ends the session, and nobody may be there to answer. */
  now(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    await this.#options.stop()
    this.#ready = true
    this.#options.quit()
  }
}
