// Carrying out windows in the threads of a pool.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { SpindleError } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import type { Buffers } from './buffers.ts'
import type { CompareWindow, Difference } from './compare-window.ts'
import type { CopyWindow } from './copy-window.ts'
import type { CopyTask, Mover, ScannedWindow } from './mover.ts'
import { idlest } from './pool.ts'
import type { TransferPool } from './pool.ts'
import type { FileReference, Reply, Sent, StopFlag } from './protocol.ts'
import { scanWindow } from './scan.ts'
import { newRequestId } from './thread.ts'
import type { Thread } from './thread.ts'

/** More threads than this writing one file only wait for each other. */
const COPY_THREADS = 2
/** Enough that a thread has work while an earlier window waits for its place. */
const WINDOWS_PER_THREAD = 3

/** Only storages with a descriptor can be worked on by another thread. */
export function isShareable(storage: Storage): boolean {
  return storage.descriptor !== undefined
}

export interface SharedTask extends CopyTask {
  /** Whether bytes are to be packed or unpacked, which keeps any number of cores busy. */
  readonly computing: boolean
  readonly stop: StopFlag
}

/** For windows and a target that are shareable. */
export class PoolMover implements Mover {
  readonly #task: SharedTask
  readonly #threads: readonly Thread[]
  readonly #buffers: Buffers
  #scanning: Promise<unknown> = Promise.resolve()

  /** `buffers` are for this thread. */
  constructor(pool: TransferPool, task: SharedTask, buffers: Buffers) {
    this.#task = task
    this.#threads = pool.threads(task.computing ? Infinity : COPY_THREADS)
    this.#buffers = buffers
  }

  get capacity(): number {
    return readyOnes(this.#threads).length * WINDOWS_PER_THREAD
  }

  /** Whether all its threads run: they take a moment to start. */
  get complete(): boolean {
    return this.#threads.every((thread) => thread.ready)
  }

  async scan(window: CopyWindow): Promise<ScannedWindow> {
    const computing = this.#task.shape.packing !== undefined || window.pieces.some((piece) => piece.packed)
    return computing ? this.#scanThere(window) : this.#scanHere(window)
  }

  /** Looking at samples is quick. Done here, one window after the other, none has to wait for its place. */
  async #scanHere(window: CopyWindow): Promise<ScannedWindow> {
    const { shape, check, portable, crowded, durable, stop } = this.#task
    const target = reference(this.#task.target)
    const scanning = this.#scanning.then(async () => {
      // Reading never waits for anything: without turns in between nothing else would come through.
      await nextTurn()
      return scanWindow(window, shape, { buffers: this.#buffers, check })
    })
    this.#scanning = scanning.catch(() => {})
    const { runs, moves } = await scanning
    return {
      runs,
      move: async (places) => {
        const { sources } = sent(window)
        const order = { kind: 'copy', sources, moves, places, target, portable, crowded, durable, stop } as const
        await idlest(readyOnes(this.#threads)).work(order)
      },
      drop() {},
    }
  }

  /** Reads, unpacks and packs in a thread, which keeps the bytes until the window has its place. */
  async #scanThere(window: CopyWindow): Promise<ScannedWindow> {
    const { shape, portable, crowded, durable, stop } = this.#task
    const target = reference(this.#task.target)
    const id = newRequestId()
    const thread = idlest(readyOnes(this.#threads))
    const order = { kind: 'scan', window: sent(window), target, shape, portable, crowded, durable, stop } as const
    const reply = await thread.work(order, id)
    if (reply.kind !== 'scanned') return unexpected(reply)
    // The window is still under way in that thread: it counts until it is moved.
    thread.load += 1
    return {
      runs: reply.runs,
      move: async (places) => {
        thread.load -= 1
        await thread.work({ kind: 'move', places }, id)
      },
      drop: () => {
        thread.load -= 1
        thread.tell({ kind: 'drop' }, id)
      },
    }
  }
}

/** Compares windows that are shareable. */
export class PoolComparer {
  readonly #threads: readonly Thread[]
  readonly #stop: StopFlag

  constructor(pool: TransferPool, stop: StopFlag) {
    this.#threads = pool.threads(Infinity)
    this.#stop = stop
  }

  /** Windows it can have under way at once; may grow. */
  get capacity(): number {
    return readyOnes(this.#threads).length * WINDOWS_PER_THREAD
  }

  async compare(window: CompareWindow): Promise<readonly Difference[]> {
    const reply = await idlest(readyOnes(this.#threads)).work({
      kind: 'compare',
      window: sent(window),
      stop: this.#stop,
    })
    return reply.kind === 'compared' ? reply.differences : unexpected(reply)
  }
}

function readyOnes(threads: readonly Thread[]): readonly Thread[] {
  return threads.filter((thread) => thread.ready)
}

function sent<W extends { readonly sources: readonly Storage[] }>(window: W): Sent<W> {
  return { ...window, sources: window.sources.map(reference) }
}

function reference(storage: Storage): FileReference {
  const { descriptor, name } = storage
  if (descriptor === undefined) throw new SpindleError('internal', `${name} cannot be shared with another thread.`)
  return { descriptor, name }
}

function unexpected(reply: Reply): never {
  throw new SpindleError('internal', `Spindle made a mistake: a worker thread answered “${reply.kind}”.`)
}
