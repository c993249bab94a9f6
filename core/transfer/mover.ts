// Who carries out windows: this thread, or, behind the same interface, others.

import type { Storage } from '../storage/storage.ts'
import type { Buffers } from './buffers.ts'
import type { CopyWindow } from './copy-window.ts'
import { moveWindow } from './move.ts'
import { scanWindow } from './scan.ts'
import type { Run, TargetShape } from './scan.ts'

/** A window whose runs are known and want a place. Either `move` or `drop` is to be called, once. */
export interface ScannedWindow {
  /** Ascending by guest offset. */
  readonly runs: readonly Run[]
  /** Writes each run to the host offset given for it. */
  move(places: readonly number[]): Promise<void>
  /** Gives the window's memory back without moving anything. */
  drop(): void
}

export interface Mover {
  /** Windows to have under way at once. */
  readonly depth: number
  scan(window: CopyWindow): Promise<ScannedWindow>
}

/** What all windows of one transfer have in common. */
export interface CopyTask {
  readonly target: Storage
  readonly shape: TargetShape
  /** Never asks the kernel to copy. */
  readonly portable: boolean
  /** Throws once the work is no longer wanted. */
  readonly check: () => void
}

/** Works in the thread it is called in, on storages of any kind. */
export class LocalMover implements Mover {
  readonly depth = 1
  readonly #task: CopyTask
  readonly #buffers: Buffers

  constructor(task: CopyTask, buffers: Buffers) {
    this.#task = task
    this.#buffers = buffers
  }

  async scan(window: CopyWindow): Promise<ScannedWindow> {
    const { target, shape, portable, check } = this.#task
    const buffers = this.#buffers
    const tools = { buffers, portable, check }
    const scan = await scanWindow(window, shape, tools)
    const drop = () => {
      if (scan.buffer) buffers.give(scan.buffer)
    }
    return {
      runs: scan.runs,
      drop,
      async move(places) {
        try {
          await moveWindow(window, scan, places, target, tools)
        } finally {
          drop()
        }
      },
    }
  }
}
