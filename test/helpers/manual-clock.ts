// A clock that a test moves.

import type { Clock } from '../../core/jobs/clock.ts'

export class ManualClock implements Clock {
  #now = 1_000_000
  readonly #timers = new Map<() => void, number>()

  now(): number {
    return this.#now
  }

  after(milliseconds: number, callback: () => void): () => void {
    // Wrapped, so that one callback may wait twice.
    const timer = (): void => callback()
    this.#timers.set(timer, this.#now + milliseconds)
    return () => this.#timers.delete(timer)
  }

  /** Moves on, calling back at the right moments on the way. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const [next] = [...this.#timers].filter(([, time]) => time <= end).toSorted(([, a], [, b]) => a - b)
      if (!next) break
      const [timer, time] = next
      this.#now = time
      this.#timers.delete(timer)
      timer()
    }
    this.#now = end
  }
}
