// What can be asked of the engine as a job, and how one stands: plain data that is also the log line and the retry.

import type { CheckReport, RepairMode, RepairReport } from './check.ts'
import type { Differing } from './differing.ts'
import type { ErrorData } from './error.ts'
import type { FormatId } from './image.ts'
import type { OptionValues } from './option.ts'
import type { PresetId } from './preset.ts'

export interface CreateJob {
  readonly kind: 'create'
  readonly target: string
  readonly format: FormatId
  /** Bytes; left out, it is the backing file's. */
  readonly virtualSize?: number
  readonly options: OptionValues
  readonly backing?: { readonly path: string; readonly format: FormatId }
  /** Does not look at the backing file, which may not be there yet; then a size is needed. */
  readonly backingUnseen?: boolean
  readonly overwrite?: boolean
  /** Where it is to run: settles sizes, and has the result looked at. Format and options are as given here. */
  readonly preset?: PresetId
}

export interface ConvertJob {
  readonly kind: 'convert'
  readonly source: string
  /** Left out, it is detected. A file known to be raw must be named so: its content is the guest's. */
  readonly sourceFormat?: FormatId
  /** Further images whose disks come behind the first one, in this order. */
  readonly more?: readonly { readonly path: string; readonly format?: FormatId }[]
  /** The new image lies on top of this one and holds only what differs from it. */
  readonly backing?: { readonly path: string; readonly format: FormatId }
  /** Goes on where the source cannot be read: zeros stand there in the copy, and the result says where. */
  readonly salvage?: boolean
  /** Bytes of the new disk, where it is to be larger than the source; the rest is zeros. */
  readonly virtualSize?: number
  /** Writes into the image that is there by the name of the target, of this format, instead of making one. */
  readonly into?: boolean
  /** With `into`: the target is known to read as zeros. */
  readonly targetIsZero?: boolean
  /** Only these bytes of all that; left out, everything. */
  readonly range?: { readonly offset: number; readonly length: number }
  readonly target: string
  readonly format: FormatId
  readonly options: OptionValues
  readonly compress: boolean
  /** Read both back afterwards and compare. */
  readonly verify: boolean
  readonly overwrite?: boolean
  /** Id of a snapshot inside the source: the disk as it was then. */
  readonly snapshot?: string
  /** The new image has all snapshots of the source as well. Not together with `snapshot` or `compress`. */
  readonly keepSnapshots?: boolean
  /** The new image has the dirty bitmaps of the source as well. */
  readonly keepBitmaps?: boolean
  /** But for those that were being changed when the source was last closed, which otherwise are an error. */
  readonly skipBrokenBitmaps?: boolean
  /** Bytes a second that are copied at most. */
  readonly rateLimit?: number
  /** Where it is to run: settles sizes, and has the result looked at. Format and options are as given here. */
  readonly preset?: PresetId
  /** False leaves it to the system when the new file reaches the disk: sooner done, and lost with the power. */
  readonly durable?: boolean
}

export interface CompareJob {
  readonly kind: 'compare'
  readonly left: string
  readonly leftFormat?: FormatId
  readonly right: string
  readonly rightFormat?: FormatId
  /** Ids of snapshots inside the images: their disks as they were then. */
  readonly leftSnapshot?: string
  readonly rightSnapshot?: string
  /** Also unequal when only sizes or allocation differ. */
  readonly strict: boolean
  /** Goes on to the end of the disks and tells everything that differs. */
  readonly ranges?: boolean
}

/** Snapshots are named by their ids: names may not be unique in images made elsewhere. */
export type SnapshotAction =
  | { readonly kind: 'create'; readonly name: string }
  | { readonly kind: 'apply'; readonly id: string }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'rename'; readonly id: string; readonly name: string }

/** Something done to the snapshots inside an image, as a whole or not at all. */
export interface SnapshotJob {
  readonly kind: 'snapshot'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  readonly action: SnapshotAction
  /** Leaves an undo file behind. */
  readonly keepUndo?: boolean
}

/** Where room for the new part of a disk comes from, in qemu-img's words. */
export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full'

/** A larger or smaller disk, as a whole or not at all. */
export interface ResizeJob {
  readonly kind: 'resize'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  /** Bytes, of the disk as it is to be. */
  readonly virtualSize: number
  /** Whether the disk may become smaller: what lies beyond its new end is lost. */
  readonly shrink: boolean
  readonly preallocation: Preallocation
  /** Makes a GPT fit the new size: its copy moves to the new end. Refused where there is none, or no room for it. */
  readonly moveGpt?: boolean
  /** Leaves an undo file behind. */
  readonly keepUndo?: boolean
}

/** What an image has, moved down into one below it. Through the image itself the guest sees the same at any moment. */
export interface CommitJob {
  readonly kind: 'commit'
  /** The image on top. */
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  /** Absolute path of the image below it that takes everything; left out, the next one. */
  readonly base?: string
  /** Leaves everything in the top as well, which only takes room there. */
  readonly keepTop: boolean
  /** Also when other images, or snapshots inside the ones above, read through what is changed and will then be damaged. */
  readonly allowOthers: boolean
  /** Bytes a second that are moved at most. */
  readonly rateLimit?: number
}

/** Another image below the same disk, as a whole or not at all. */
export interface RebaseJob {
  readonly kind: 'rebase'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  /** As it is to stand in the image, relative to its folder; the format left out is detected. Undefined for none. */
  readonly backing?: { readonly path: string; readonly format?: FormatId }
  /** Changes the name alone, without a look at what lies below. Otherwise the image takes in what would differ. */
  readonly nameOnly: boolean
  /** Packs what is taken in. */
  readonly compress?: boolean
  /** Leaves an undo file behind. */
  readonly keepUndo?: boolean
}

/** An image taken out of its chain: all that lie on it take in what they read from it, and lie on what it lies on. */
export interface BypassJob {
  readonly kind: 'bypass'
  /** The image that nothing is to lie on any more. It stays as it is, where it is not put into the trash. */
  readonly path: string
  /** Puts it into the trash afterwards. */
  readonly trash?: boolean
  /** Left out, it is detected. */
  readonly format?: FormatId
}

/** What was chosen when an image was made, chosen otherwise: as a whole or not at all. */
export interface AmendJob {
  readonly kind: 'amend'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  /** Create options that are to have other values; those left out stay as they are. */
  readonly options: OptionValues
  /** The format of the backing file, as it is to stand in the image. */
  readonly backingFormat?: FormatId
  /** Leaves an undo file behind. */
  readonly keepUndo?: boolean
}

export type BitmapAction =
  /** `granularity`: bytes one bit stands for; left out, it is what suits the image. */
  | { readonly kind: 'add'; readonly granularity?: number }
  | { readonly kind: 'remove' | 'clear' | 'enable' | 'disable' }
  /** Marks what another bitmap marks as well: one of the same image, or of one whose disk is of the same size. */
  | {
      readonly kind: 'merge'
      readonly from: string
      readonly source?: { readonly path: string; readonly format?: FormatId }
    }

/** Something done to a dirty bitmap inside an image, as a whole or not at all. */
export interface BitmapJob {
  readonly kind: 'bitmap'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  readonly name: string
  /** Done one after the other. */
  readonly actions: readonly BitmapAction[]
  /** Leaves an undo file behind. */
  readonly keepUndo?: boolean
}

/** Whether the tables of an image are in order. Opens that one file and no other. */
export interface CheckJob {
  readonly kind: 'check'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
}

/** Puts right what can be put right in the tables of an image without losing any of its data, as a whole or not at all. */
export interface RepairJob {
  readonly kind: 'repair'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
  readonly mode: RepairMode
  /** Leaves an undo file behind. */
  readonly keepUndo?: boolean
}

/** Another name or place for an image and its files; images that lie on it are told, all of this or none. */
export interface MoveJob {
  readonly kind: 'move'
  readonly path: string
  /** Absolute path it is to have; nothing may be there. */
  readonly target: string
}

/** The same bytes once more, holes included, with all files of the image. */
export interface CopyJob {
  readonly kind: 'copy'
  readonly path: string
  /** Absolute path of the copy; nothing may be there. */
  readonly target: string
}

/** Images, each with all its files, put aside so that they can be put back. */
export interface TrashJob {
  readonly kind: 'trash'
  /** Absolute. */
  readonly paths: readonly string[]
  /** Also when images that are not among these lie on them, and cannot be read until they are back. */
  readonly allowDependents: boolean
}

/** What was put aside, back where it was. */
export interface RestoreJob {
  readonly kind: 'restore'
  /** Paths of items in the trash. */
  readonly items: readonly string[]
}

/** Deletes what was put aside, for good. */
export interface EmptyTrashJob {
  readonly kind: 'empty-trash'
  /** Paths of items in the trash. */
  readonly items: readonly string[]
}

/** The same image in a smaller file, in the place of the old one, which goes to the trash. */
export interface CompactJob {
  readonly kind: 'compact'
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
}

export type JobSpec =
  | CompactJob
  | MoveJob
  | CopyJob
  | TrashJob
  | RestoreJob
  | EmptyTrashJob
  | CreateJob
  | ConvertJob
  | CompareJob
  | SnapshotJob
  | ResizeJob
  | CommitJob
  | RebaseJob
  | BypassJob
  | AmendJob
  | BitmapJob
  | CheckJob
  | RepairJob

const JOB_KINDS = {
  compact: true,
  create: true,
  convert: true,
  compare: true,
  snapshot: true,
  resize: true,
  commit: true,
  rebase: true,
  bypass: true,
  amend: true,
  bitmap: true,
  check: true,
  repair: true,
  move: true,
  copy: true,
  trash: true,
  restore: true,
  'empty-trash': true,
} as const satisfies Record<JobSpec['kind'], true>

export function isJobKind(kind: string): kind is JobSpec['kind'] {
  return Object.hasOwn(JOB_KINDS, kind)
}

export type Phase = 'prepare' | 'copy' | 'finish' | 'verify'

/** Bytes of guest data; `total` may still grow during `prepare`, never afterwards. */
export interface Progress {
  readonly phase: Phase
  readonly done: number
  readonly total: number
}

export type JobResult =
  | {
      readonly kind: 'compact'
      readonly path: string
      /** Bytes of room, before and now; the same where nothing was to be gained and nothing was changed. */
      readonly before: number
      readonly after: number
      /** Path of the old file's item in the trash. */
      readonly item?: string
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'move'
      /** Where it is now. */
      readonly path: string
      /** Paths of the images that were told. */
      readonly told: readonly string[]
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'copy'; readonly path: string; readonly warnings: readonly string[] }
  | {
      readonly kind: 'trash'
      /** Paths of the new items in the trash, in the order of the images. */
      readonly items: readonly string[]
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'restore'
      /** Where they are again. */
      readonly paths: readonly string[]
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'empty-trash'
      /** Bytes of room they had taken. */
      readonly freed: number
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'create'; readonly path: string; readonly warnings: readonly string[] }
  | {
      readonly kind: 'convert'
      readonly path: string
      /** Bytes the new file occupies. */
      readonly allocatedSize: number
      readonly verified: boolean
      /** Bytes of the disk that could not be read and are zeros in the copy. */
      readonly lostBytes?: number
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'compare'
      readonly identical: boolean
      /** Guest offset in bytes of the first difference, when contents differ. */
      readonly firstDifference?: number
      /** Guest offset in bytes of the first place that is data in one only; looked for when `strict`. */
      readonly allocationDifference?: number
      readonly sizeDiffers: boolean
      /** Bytes of the smaller disk. */
      readonly commonSize: number
      /** Present when it was asked for. */
      readonly differing?: Differing
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'snapshot'
      readonly path: string
      /** Of the snapshot this was about; the new one's where one was taken. */
      readonly id: string
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'resize'
      readonly path: string
      /** Bytes, before and now. */
      readonly sizeBefore: number
      readonly virtualSize: number
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'commit'
      readonly path: string
      /** The image that took everything. */
      readonly base: string
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'rebase'; readonly path: string; readonly warnings: readonly string[] }
  | {
      readonly kind: 'bypass'
      readonly path: string
      /** Those that lay on it. */
      readonly children: readonly string[]
      /** Paths of the new items in the trash. */
      readonly items: readonly string[]
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'amend'; readonly path: string; readonly warnings: readonly string[] }
  | { readonly kind: 'bitmap'; readonly path: string; readonly warnings: readonly string[] }
  | {
      readonly kind: 'check'
      readonly path: string
      readonly format: FormatId
      /** Absent where the format has nothing to check. */
      readonly report?: CheckReport
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'repair'
      readonly path: string
      readonly format: FormatId
      /** Absent where the format has nothing to check. Damage that remains is in it, not an error. */
      readonly report?: RepairReport
      readonly warnings: readonly string[]
    }

export type JobState =
  | { readonly kind: 'queued' }
  | {
      readonly kind: 'running'
      readonly progress: Progress
      /** Bytes a second over the last few seconds; undefined until it is known. */
      readonly rate?: number
      /** False from the moment the target takes its final name. */
      readonly cancellable: boolean
      /** It stands still until it is told to go on. */
      readonly paused?: true
    }
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'succeeded'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: ErrorData }
  | { readonly kind: 'cancelled' }
  | {
      /** Spindle ended before the job did. It waits for a word whether to run again or to be discarded. */
      readonly kind: 'interrupted'
      /** Otherwise it had only been waiting. */
      readonly begun: boolean
      /** All that it was to do was done: there is nothing to run again. */
      readonly finished: boolean
      /** Why what it left behind could not be put back. */
      readonly error?: ErrorData
    }

/** What happened to a job, and when (milliseconds since 1970). */
export interface JobEvent {
  readonly at: number
  readonly kind:
    | 'asked'
    | 'begun'
    | 'paused'
    | 'continued'
    | 'final'
    | 'cancelling'
    | 'interrupted'
    | 'resumed'
    | 'recovered'
    | Phase
}

export interface Job {
  readonly id: string
  readonly spec: JobSpec
  readonly state: JobState
  /** Milliseconds since 1970. */
  readonly queuedAt: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** In their order. */
  readonly events?: readonly JobEvent[]
}
