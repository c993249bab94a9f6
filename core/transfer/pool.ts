// The threads behind large copies and comparisons: few, started when there is work for them, kept until close().

import { availableParallelism } from 'node:os'
import { Thread } from './thread.ts'

/** Each thread takes memory, and with more than this the disk is the limit. */
const MOST_THREADS = 8

export class TransferPool implements AsyncDisposable {
  readonly #threads: Thread[] = []

  /** Whether threads run already: using them then costs nothing. */
  get running(): boolean {
    return this.#threads.some((thread) => thread.ready)
  }

  /** Up to `most` threads, but no more than there are cores. Starts those that are not there yet. */
  threads(most: number): readonly Thread[] {
    const count = Math.min(most, MOST_THREADS, availableParallelism())
    while (this.#threads.length < count) this.#start()
    return this.#threads.slice(0, count)
  }

  /** Starts all threads ahead of need, and returns once they are ready. */
  async start(): Promise<void> {
    await Promise.all(this.threads(Infinity).map(async (thread) => thread.started()))
  }

  /** Ends the threads once their work is done. A pool that is used again starts new ones. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(async (thread) => thread.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #start(): void {
    const thread = new Thread(() => {
      const index = this.#threads.indexOf(thread)
      if (index >= 0) this.#threads.splice(index, 1)
    })
    this.#threads.push(thread)
  }
}

/** The one with the least under way. */
export function idlest(threads: readonly Thread[]): Thread {
  const [first, ...others] = threads
  if (!first) throw new RangeError('a pool has at least one thread')
  return others.reduce((best, thread) => (thread.load < best.load ? thread : best), first)
}
