// The threads behind large copies and comparisons: few, started when there is work for them, kept until close().

import { availableParallelism } from 'node:os'
import { SpindleError } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import type { CompareWindow, Difference } from './compare-window.ts'
import type { CopyWindow } from './copy-window.ts'
import type { CopyTask, Mover, ScannedWindow } from './mover.ts'
import type { FileReference, Reply, Sent, StopFlag } from './protocol.ts'
import { Thread, newRequestId } from './thread.ts'

/** More threads than this on one file only wait for each other. */
const COPY_THREADS = 2
/** Packing is all computing: a thread a core, but each one takes memory. */
const PACK_THREADS = 8
/** Enough that a thread has work while an earlier window of its own waits for its place. */
const WINDOWS_PER_THREAD = 3

/** Only storages with a descriptor can be worked on by another thread. */
export function isShareable(storage: Storage): boolean {
  return storage.descriptor !== undefined
}

export interface SharedTask extends Omit<CopyTask, 'check'> {
  /** Whether bytes are to be packed or unpacked, which keeps any number of cores busy. */
  readonly computing: boolean
  readonly stop: StopFlag
}

export interface Comparer {
  /** Windows to have under way at once. */
  readonly depth: number
  compare(window: CompareWindow): Promise<readonly Difference[]>
}

export class TransferPool implements AsyncDisposable {
  readonly #threads: Thread[] = []

  /** For windows and targets that are shareable. */
  mover(task: SharedTask): Mover {
    const count = Math.min(availableParallelism(), task.computing ? PACK_THREADS : COPY_THREADS)
    return { depth: count * WINDOWS_PER_THREAD, scan: async (window) => scan(this.#idlest(count), window, task) }
  }

  /** For windows that are shareable. */
  comparer(stop: StopFlag): Comparer {
    const count = Math.min(availableParallelism(), PACK_THREADS)
    return { depth: count * WINDOWS_PER_THREAD, compare: async (window) => compare(this.#idlest(count), window, stop) }
  }

  /** Ends the threads once their work is done. A pool that is used again starts new ones. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(async (thread) => thread.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #idlest(count: number): Thread {
    const usable = this.#threads.slice(0, count)
    const [idlest] = usable.toSorted((a, b) => a.load - b.load)
    return idlest && (idlest.load === 0 || usable.length === count) ? idlest : this.#start()
  }

  #start(): Thread {
    const thread = new Thread(() => {
      const index = this.#threads.indexOf(thread)
      if (index >= 0) this.#threads.splice(index, 1)
    })
    this.#threads.push(thread)
    return thread
  }
}

async function scan(thread: Thread, window: CopyWindow, task: SharedTask): Promise<ScannedWindow> {
  const { shape, portable, stop } = task
  const target = reference(task.target)
  const id = newRequestId()
  thread.load += 1
  try {
    const reply = await thread.call({ kind: 'scan', window: sent(window), target, shape, portable, stop }, id)
    if (reply.kind !== 'scanned') return unexpected(reply)
    return {
      runs: reply.runs,
      async move(places) {
        try {
          await thread.call({ kind: 'move', places }, id)
        } finally {
          thread.load -= 1
        }
      },
      drop() {
        thread.load -= 1
        thread.tell({ kind: 'drop' }, id)
      },
    }
  } catch (error) {
    thread.load -= 1
    throw error
  }
}

async function compare(thread: Thread, window: CompareWindow, stop: StopFlag): Promise<readonly Difference[]> {
  thread.load += 1
  try {
    const reply = await thread.call({ kind: 'compare', window: sent(window), stop })
    return reply.kind === 'compared' ? reply.differences : unexpected(reply)
  } finally {
    thread.load -= 1
  }
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
