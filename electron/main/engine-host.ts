// Owns the one engine worker: starts it, starts it again when it dies, and stops it before the application ends.

import { Worker } from 'node:worker_threads'
import type { EngineData, EngineEvent, EngineMessage } from '../contract/engine-port.ts'
import { SpindleError, type Engine, type ErrorData } from '../../core/model/index.ts'
import { EngineLink, engineFrom } from './engine-link.ts'

/** An image whose metadata needs more than this takes the engine down, not the windows. */
const HEAP_MEGABYTES = 2048
/** An engine that dies this often in this time will die again: the third restart in a minute is not tried. */
const DEATHS_ALLOWED = 3
const DEATHS_WITHIN = 60_000
/** Cancelling writes its last cluster and removes the partial file; a worker that takes longer hangs. */
const STOP_PATIENCE = 10_000

export interface EngineHostOptions {
  /** Path of the worker’s file. */
  readonly worker: string
  readonly data: EngineData
  readonly onEvent: (event: EngineEvent) => void
  /** The engine died, everything that was asked of it has failed, and a new one is up unless `restarted` is false. */
  readonly onDeath: (error: ErrorData, restarted: boolean) => void
}

export class EngineHost {
  /** Stays the same over restarts. */
  readonly engine: Engine
  readonly #options: EngineHostOptions
  #running: { readonly link: EngineLink; readonly worker: Worker; readonly ended: Promise<void> } | undefined
  #deaths: number[] = []
  #stopping: Promise<void> | undefined

  constructor(options: EngineHostOptions) {
    this.#options = options
    this.engine = engineFrom((method, args) => {
      if (this.#running) return this.#running.link.call(method, args)
      return Promise.reject(
        this.#stopping
          ? new SpindleError('cancelled', 'Spindle is closing.')
          : new SpindleError('internal', 'Spindle’s engine keeps failing. Quit Spindle and start it again.'),
      )
    })
    this.#start()
  }

  /** Cancels what runs and lets go of every file; a worker that does not end by itself is ended. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  #start(): void {
    const worker = new Worker(this.#options.worker, {
      name: 'spindle-engine',
      workerData: this.#options.data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
    })
    const link = new EngineLink((request) => worker.postMessage(request, []), this.#options.onEvent)
    let cause: unknown
    worker.on('message', (message: EngineMessage) => link.receive(message))
    worker.on('error', (error) => {
      cause = error
    })
    const ended = new Promise<void>((resolve) => {
      worker.on('exit', () => {
        resolve()
        this.#ended(link, cause)
      })
    })
    this.#running = { link, worker, ended }
  }

  #ended(link: EngineLink, cause: unknown): void {
    this.#running = undefined
    const error = deathError(cause)
    link.fail(error)
    if (this.#stopping) return
    const now = Date.now()
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WITHIN), now]
    const restarted = this.#deaths.length < DEATHS_ALLOWED
    if (restarted) this.#start()
    this.#options.onDeath(error.toData(), restarted)
  }

  async #stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    // It may die instead of answering, which is an end as well.
    running.link.call('close', []).catch(() => undefined)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, STOP_PATIENCE, 'late')
    })
    const outcome = await Promise.race([running.ended, late])
    clearTimeout(timer)
    if (outcome === 'late') await running.worker.terminate()
  }
}

function deathError(cause: unknown): SpindleError {
  const reason = cause instanceof Error ? `: ${cause.message.split('\n', 1)[0] ?? ''}` : ''
  return new SpindleError(
    'internal',
    `Spindle’s engine stopped unexpectedly${reason}. Jobs that were running are listed as interrupted; their sources are unchanged.`,
    { cause },
  )
}
