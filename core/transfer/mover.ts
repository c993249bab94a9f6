// Who carries out windows: this thread, or, behind the same interface, others.

import type { Storage } from '../storage/storage.ts'
import type { Buffers } from './buffers.ts'
import type { CopyWindow } from './copy-window.ts'
import { moveWindow } from './move.ts'
import type { MoveTools } from './move.ts'
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
  /** Windows it can have under way at once; may grow. */
  readonly capacity: number
  scan(window: CopyWindow): Promise<ScannedWindow>
}

/** What all windows of one transfer have in common. */
export interface CopyTask {
  readonly target: Storage
  readonly shape: TargetShape
  /** Uses nothing but reading and writing. */
  readonly portable: boolean
  /** Whether other threads write the same target. */
  readonly crowded: boolean
  /** Whether somebody will wait until it is on the disk. */
  readonly durable: boolean
  /** Throws once the work is no longer wanted. */
  readonly check: () => void
}

/** Works in the thread it is called in, on storages of any kind. */
export class LocalMover implements Mover {
  readonly capacity = 1
  readonly #task: CopyTask
  readonly #tools: MoveTools

  constructor(task: CopyTask, buffers: Buffers) {
    const { portable, crowded, durable, check } = task
    this.#task = task
    this.#tools = { buffers, portable, crowded, durable, check }
  }

  async scan(window: CopyWindow): Promise<ScannedWindow> {
    const { target, shape } = this.#task
    const tools = this.#tools
    const scan = await scanWindow(window, shape, tools)
    const drop = () => {
      if (scan.buffer) tools.buffers.give(scan.buffer)
    }
    return {
      runs: scan.runs,
      drop,
      async move(places) {
        try {
          await moveWindow(window.sources, scan, places, target, tools)
        } finally {
          drop()
        }
      },
    }
  }
}
