// Time as the queue sees it, so that tests can be their own clock.

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after that many milliseconds. Returns what takes it back. */
  after(milliseconds: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}
