// One worker thread of the pool, as questions and answers.

import { Worker } from 'node:worker_threads'
import { SpindleError } from '../model/error.ts'
import type { Order, Reply, Request } from './protocol.ts'

// In the built product the worker is a bundle of its own, beside the one this module ended up in.
const SCRIPT = import.meta.url.endsWith('.ts') ? './worker.ts' : './transfer-worker.js'

/** Node's packing leaves much memory to be collected, which V8 puts off as long as it sees room. In MiB. */
const LIMITS = { maxOldGenerationSizeMb: 64 }

let lastId = 0

export function newRequestId(): number {
  return (lastId += 1)
}

export class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>()
  readonly #started = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  #failure: SpindleError | undefined
  /** False until it runs: a thread takes a moment to start. */
  ready = false
  /** Windows it has under way. */
  load = 0

  constructor(onEnd: () => void) {
    this.#worker = new Worker(new URL(SCRIPT, import.meta.url), { resourceLimits: LIMITS })
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#fail(`a worker thread broke down: ${String(error)}`))
    this.#worker.on('exit', () => {
      this.#fail('a worker thread ended too early')
      onEnd()
      this.#ended.resolve()
    })
  }

  /** The answer. Throws what went wrong in the thread. */
  async call(order: Order, id = newRequestId()): Promise<Reply> {
    if (this.#failure) throw this.#failure
    const waiting = Promise.withResolvers<Reply>()
    this.#waiting.set(id, waiting)
    this.tell(order, id)
    const reply = await waiting.promise
    if (reply.kind === 'failed') throw SpindleError.fromData(reply.error)
    return reply
  }

  /** The same, and counts as load meanwhile. */
  async work(order: Order, id = newRequestId()): Promise<Reply> {
    this.load += 1
    try {
      return await this.call(order, id)
    } finally {
      this.load -= 1
    }
  }

  /** Without waiting for an answer. */
  tell(order: Order, id: number): void {
    const request: Request = { id, ...order }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.#worker.postMessage(request)
  }

  /** Returns once it is ready, or has failed to become so. */
  async started(): Promise<void> {
    await this.#started.promise
  }

  /** Lets the thread finish what it has, then end by itself. */
  async close(): Promise<void> {
    this.tell({ kind: 'close' }, newRequestId())
    await this.#ended.promise
  }

  #settle(reply: Reply): void {
    this.ready = true
    this.#started.resolve()
    this.#waiting.get(reply.id)?.resolve(reply)
    this.#waiting.delete(reply.id)
  }

  #fail(what: string): void {
    this.#failure ??= new SpindleError('internal', `Spindle made a mistake: ${what}.`)
    this.#started.resolve()
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure)
    this.#waiting.clear()
  }
}
