// How fast a job goes: an average that forgets, so that it follows the disk but does not jump about.

import type { Phase, Progress } from '../model/job.ts'

/** Milliseconds after which a moment counts for about a third of what it did. */
const MEMORY = 5000
/** Milliseconds of work before a rate means anything. */
const WARM_UP = 500

export class RateMeter {
  #phase: Phase | undefined
  #done = 0
  #time = 0
  #elapsed = 0
  /** Bytes and milliseconds, both fading alike. */
  #bytes = 0
  #span = 0

  /** Bytes a second, or undefined until enough was seen of this phase. `now` in milliseconds. */
  update(progress: Progress, now: number): number | undefined {
    if (progress.phase === this.#phase) {
      const passed = Math.max(0, now - this.#time)
      const fading = Math.exp(-passed / MEMORY)
      this.#bytes = this.#bytes * fading + (progress.done - this.#done)
      this.#span = this.#span * fading + passed
      this.#elapsed += passed
    } else {
      // Another phase counts other bytes: reading back is not copying.
      this.#bytes = this.#span = this.#elapsed = 0
    }
    this.#phase = progress.phase
    this.#done = progress.done
    this.#time = now
    if (this.#elapsed < WARM_UP || this.#span <= 0) return undefined
    return (this.#bytes * 1000) / this.#span
  }
}
