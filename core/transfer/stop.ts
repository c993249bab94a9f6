// Stopping work that is spread over threads: at the first failure, or when cancelled.

import { SpindleError } from '../model/error.ts'
import type { StopFlag } from './protocol.ts'

export class Stop {
  /** For other threads. */
  readonly flag: StopFlag = new SharedArrayBuffer(4)
  readonly #signal: AbortSignal | undefined
  #reason: { readonly error: unknown } | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', this.cancel)
    if (signal?.aborted) this.cancel()
  }

  /** Only the first reason counts: what follows from it is of no interest. */
  now(error: unknown): void {
    this.#reason ??= { error }
    Atomics.store(new Int32Array(this.flag), 0, 1)
  }

  readonly cancel = (): void => {
    this.now(new SpindleError('cancelled', 'Cancelled. Nothing was changed.'))
  }

  /** Throws the reason for stopping, if there is one. */
  readonly check = (): void => {
    if (this.#reason) throw this.#reason.error
  }

  /** No longer listens to the signal. */
  end(): void {
    this.#signal?.removeEventListener('abort', this.cancel)
  }
}
