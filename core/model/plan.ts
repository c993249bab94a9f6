// What a request would do, told before it is done.

import type { Capabilities, FormatId } from './image.ts'
import type { OptionTable } from './option.ts'

/** A format as the dialogs need it. */
export interface FormatFacts {
  readonly format: FormatId
  readonly title: string
  readonly extensions: readonly string[]
  readonly capabilities: Capabilities
  readonly options: OptionTable
}

/** Bytes a new volume takes. */
export interface SizePrediction {
  readonly now: number
  readonly atMost: number
}

/** One line of "What changes": a loss, a merge, or something kept. Its words are the window's. */
export type ConvertChange =
  | { readonly kind: 'snapshots-dropped'; readonly count: number }
  | { readonly kind: 'snapshots-kept'; readonly count: number }
  | { readonly kind: 'bitmaps-dropped'; readonly count: number }
  | { readonly kind: 'backing-merged'; readonly names: readonly string[]; readonly bytes: number }
  | { readonly kind: 'data-file-merged'; readonly name: string }
  | { readonly kind: 'compression-removed' }
  | { readonly kind: 'compressed'; readonly codec: 'zlib' | 'zstd' }
  | { readonly kind: 'kept'; readonly virtualSize: number }

export interface ConvertPlan {
  readonly sourceFormat: FormatId
  readonly virtualSize: number
  /** Bytes to read from the source chain. */
  readonly reads: number
  /** Bytes the new file will take, an estimate when compressing. */
  readonly writes: number
  readonly exact: boolean
  readonly changes: readonly ConvertChange[]
  /** Free bytes where the target would be, now. */
  readonly free: number
  readonly targetExists: boolean
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

export interface ResizePlan {
  readonly format: FormatId
  /** Bytes, of the disk as it is now. */
  readonly virtualSize: number
  /** Where the last data of the disk ends, in guest bytes: what it can shrink to without losing any. */
  readonly dataEnd: number
  /** Bytes of data beyond the new end. Snapshots keep what is theirs. */
  readonly lostBytes: number
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

/** What a cell of an allocation strip mostly is; the worst state wins. */
export type CellState = 'hole' | 'zero' | 'data' | 'compressed' | 'backing'

export interface AllocationStrip {
  readonly virtualSize: number
  readonly cells: readonly CellState[]
  /** Guest bytes in each state. */
  readonly totals: Readonly<Record<CellState, number>>
}
