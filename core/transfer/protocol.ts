// What goes between the pool and its threads: plain data, with open files by their descriptor.

import type { ErrorData } from '../model/error.ts'
import type { CompareWindow, Difference } from './compare-window.ts'
import type { CopyWindow } from './copy-window.ts'
import type { Move, Run, TargetShape } from './scan.ts'

/** A storage that another thread can use as well. */
export interface FileReference {
  readonly descriptor: number
  readonly name: string
}

/** The same window with its storages as references. */
export type Sent<W extends { readonly sources: unknown }> = Omit<W, 'sources'> & {
  readonly sources: readonly FileReference[]
}

/** One number; anything but 0 means that the work is no longer wanted. */
export type StopFlag = SharedArrayBuffer

/** What all requests that write have in common. */
interface Writing {
  readonly target: FileReference
  readonly portable: boolean
  readonly crowded: boolean
  readonly durable: boolean
  readonly stop: StopFlag
}

export type Request = { readonly id: number } & (
  | ({ readonly kind: 'scan'; readonly window: Sent<CopyWindow>; readonly shape: TargetShape } & Writing)
  /** For the window scanned under the same id. */
  | { readonly kind: 'move'; readonly places: readonly number[] }
  | { readonly kind: 'drop' }
  /** For a window that was scanned elsewhere. */
  | ({
      readonly kind: 'copy'
      readonly sources: readonly FileReference[]
      readonly moves: readonly Move[]
      readonly places: readonly number[]
    } & Writing)
  | { readonly kind: 'compare'; readonly window: Sent<CompareWindow>; readonly stop: StopFlag }
  | { readonly kind: 'close' }
)

/** A request that has no number yet. */
export type Order = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never

export type Reply = { readonly id: number } & (
  | { readonly kind: 'scanned'; readonly runs: readonly Run[] }
  | { readonly kind: 'compared'; readonly differences: readonly Difference[] }
  /** Also sent once without being asked: the thread is ready. */
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: ErrorData }
)
