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
  | { readonly kind: 'bitmaps-kept'; readonly count: number }
  | { readonly kind: 'backing-merged'; readonly names: readonly string[]; readonly bytes: number }
  | { readonly kind: 'data-file-merged'; readonly name: string }
  | { readonly kind: 'compression-removed' }
  | { readonly kind: 'encryption-removed' }
  | { readonly kind: 'compressed'; readonly codec: 'zlib' | 'zstd' }
  /** Zeros at the end, up to a size the place takes. Bytes. */
  | { readonly kind: 'enlarged'; readonly from: number; readonly to: number }
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
  /**
   * Bytes of data beyond the new end; the copy of a GPT there is not counted where it is to be moved. Snapshots keep what
   * is theirs.
   */
  readonly lostBytes: number
  /** Bytes all partitions or file systems on the disk need, where that is known: the safe minimum. */
  readonly smallestSize?: number
  /** Numbers of the partitions that the new end would cut into, or cut off. */
  readonly cutPartitions: readonly number[]
  /** Whether the disk has a GPT, which must be told of its new end. */
  readonly hasGpt: boolean
  /** Whether an undo file can be left behind. */
  readonly undoable: boolean
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

export interface CompactPlan {
  /** Bytes of room, now and at most afterwards. */
  readonly now: number
  readonly atMost: number
  /** Free bytes where the image is: the new file needs its room beside the old one. */
  readonly free: number
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

export interface CommitPlan {
  /** Path of the image that takes everything. */
  readonly base: string
  /** Bytes of data that move down into it. */
  readonly bytes: number
  /** Paths of the images between the two, which must not be used alone afterwards. */
  readonly between: readonly string[]
  /** Paths of other images that read through what is changed, and would be damaged. */
  readonly others: readonly string[]
  /** Names of snapshots inside the images above the base, which would be damaged as well. */
  readonly snapshots: readonly string[]
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

export interface RebasePlan {
  /** Bytes of data the image takes in; undefined where only a look at both images could tell. */
  readonly bytes?: number
  /** Names of the image's snapshots, which cannot take anything in. */
  readonly snapshots: readonly string[]
  /** Free bytes where the image is, now. */
  readonly free: number
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

export interface BypassPlan {
  /** Path of the image that takes its place below the others; absent where they are to stand alone. */
  readonly base?: string
  /** Images that lie on it. */
  readonly children: readonly {
    readonly path: string
    /** Bytes of data it takes in at most: what is the same in the base is left out. */
    readonly bytes: number
    /** Names of its snapshots, which cannot take anything in. */
    readonly snapshots: readonly string[]
    /** Free bytes where it is, now. */
    readonly free: number
  }[]
  /** Bytes that come back once the image is deleted. */
  readonly frees: number
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

/** What the undo file beside an image allows. */
export interface UndoOffer {
  /**
   * `offered`: the last change can be taken back. `cut-off`: a change did not come to its end, and the image can be used
   * only once it is taken back. `outdated`: the image was changed since, so nothing can be taken back any more.
   */
  readonly kind: 'offered' | 'cut-off' | 'outdated'
  /** Bytes of the undo file. */
  readonly size: number
  /** When the change was made: milliseconds since 1970. */
  readonly changedAt: number
}

/** What a cell of an allocation strip mostly is; the worst state wins. */
export type CellState = 'hole' | 'zero' | 'data' | 'compressed' | 'backing'

export interface AllocationStrip {
  readonly virtualSize: number
  readonly cells: readonly CellState[]
  /** Guest bytes in each state. */
  readonly totals: Readonly<Record<CellState, number>>
}

/** What deleting some images would take, and leave behind. */
export interface TrashPlan {
  /** Every file that would go. */
  readonly files: readonly string[]
  /** Bytes of room that comes free once the trash is emptied. */
  readonly allocatedSize: number
  /** Paths of images that are not among these and lie on them: without them they cannot be read. */
  readonly dependents: readonly string[]
  /** The same as a command, for copying. */
  readonly command: readonly string[]
}

export interface MovePlan {
  /** Paths of images that lie on it, whose name for it is changed along. */
  readonly told: readonly string[]
  /** Paths of images that lie on it and find it by what it calls itself. */
  readonly untold: readonly string[]
  /** Whether all bytes have to be copied, as to another file system. */
  readonly copies: boolean
  readonly allocatedSize: number
  /** Free bytes where it is to be. */
  readonly free: number
  readonly command: readonly string[]
}

/** An image that was put aside. */
export interface TrashItem {
  /** Of its folder in the trash. */
  readonly path: string
  /** Where its file was, and goes when it is put back. */
  readonly from: string
  readonly format?: FormatId
  readonly virtualSize?: number
  readonly fileCount: number
  readonly allocatedSize: number
  /** Milliseconds since 1970. */
  readonly trashedAt: number
}

/** What speaks against a file being the image that another one lies on. */
export type BaseDoubt = 'itself' | 'identity' | 'format' | 'size' | 'name' | 'newer'

/** `same`: it calls itself what the image says. `plausible`: nothing says that it is another. */
export interface BaseVerdict {
  readonly kind: 'same' | 'plausible' | 'another'
  readonly doubts: readonly BaseDoubt[]
}
