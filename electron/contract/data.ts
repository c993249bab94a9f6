// What the window is told: the engine's facts with ids in place of paths.

import type {
  AmendJob,
  BitmapAction,
  BitmapJob,
  BypassJob,
  CompactJob,
  CheckJob,
  CommitJob,
  CompareJob,
  ConvertJob,
  CopyJob,
  CreateJob,
  EmptyTrashJob,
  ErrorData,
  FormatId,
  ImageFacts,
  JobEvent,
  JobSpec,
  JobState,
  MoveJob,
  OptionValues,
  PlaceFacts,
  RebaseJob,
  RepairJob,
  ResizeJob,
  RestoreJob,
  SnapshotJob,
  SpaceFacts,
  UnlockSpec,
  TrashItem,
  TrashJob,
  VolumeFacts,
} from '../../core/model/index.ts'
import type { FolderId, JobId, TrashId, VolumeId } from './ids.ts'

/** `path` is for showing and copying; requests name volumes by `id` only. */
export interface Volume extends Omit<VolumeFacts, 'place'> {
  readonly id: VolumeId
  readonly place: FolderId
}

export interface Place extends PlaceFacts {
  readonly id: FolderId
  /** The path as people write it: `~/VMs`. */
  readonly label: string
}

/** A folder something can be created in. */
export interface Folder {
  readonly id: FolderId
  readonly label: string
  readonly space?: SpaceFacts
}

/** A file or folder that was dropped or chosen, before anything is done with it. */
export type Granted =
  | { readonly kind: 'folder'; readonly folder: Folder }
  | {
      readonly kind: 'volume'
      readonly id: VolumeId
      readonly name: string
      readonly folder: Folder
      readonly facts: ImageFacts
    }
  | { readonly kind: 'refused'; readonly name: string; readonly error: ErrorData }

export type CreateRequest = Omit<CreateJob, 'target' | 'backing'> & {
  readonly folder: FolderId
  /** With extension; no separators. */
  readonly name: string
  readonly backing?: VolumeId
}
/** Of one volume into a new one: what names further files is the command line's. */
export type ConvertRequest = Omit<ConvertJob, 'source' | 'target' | FurtherFiles> & {
  readonly source: VolumeId
  readonly folder: FolderId
  readonly name: string
}
type FurtherFiles = 'more' | 'range' | 'backing' | 'into' | 'targetIsZero'
export type CompareRequest = Omit<CompareJob, 'left' | 'right'> & { readonly left: VolumeId; readonly right: VolumeId }
type InPlace<Job> = Omit<Job, 'path'> & { readonly volume: VolumeId }
export type SnapshotRequest = InPlace<SnapshotJob>
export type ResizeRequest = InPlace<ResizeJob>
export type CheckRequest = InPlace<CheckJob>
export type RepairRequest = InPlace<RepairJob>
export type CommitRequest = InPlace<Omit<CommitJob, 'base'>> & {
  /** One of the files below, by how deep it lies: 1 is the next one. */
  readonly depth: number
}
export type RebaseRequest = InPlace<Omit<RebaseJob, 'backing'>> & {
  /** Left out, the image is to stand alone. */
  readonly backing?: VolumeId
}
export type AmendRequest = InPlace<AmendJob>
/** Of the image alone: bitmaps of other images are the command line's. */
export type BitmapRequest = InPlace<Omit<BitmapJob, 'actions'>> & {
  readonly actions: readonly (
    Exclude<BitmapAction, { readonly kind: 'merge' }> | { readonly kind: 'merge'; readonly from: string }
  )[]
}
export type BypassRequest = InPlace<BypassJob>
export type CompactRequest = InPlace<CompactJob>
export type UnlockRequest = InPlace<UnlockSpec>
/** Into another folder, or, left out, to another name in its own. */
export type MoveRequest = InPlace<Omit<MoveJob, 'target'>> & { readonly folder?: FolderId; readonly name: string }
export type CopyRequest = InPlace<Omit<CopyJob, 'target'>> & { readonly folder: FolderId; readonly name: string }
export type TrashRequest = Omit<TrashJob, 'paths'> & { readonly volumes: readonly VolumeId[] }
export type RestoreRequest = Omit<RestoreJob, 'items'> & { readonly items: readonly TrashId[] }
export type EmptyTrashRequest = Omit<EmptyTrashJob, 'items'> & { readonly items: readonly TrashId[] }
export type JobRequest =
  | MoveRequest
  | CopyRequest
  | TrashRequest
  | RestoreRequest
  | EmptyTrashRequest
  | CreateRequest
  | ConvertRequest
  | CompareRequest
  | SnapshotRequest
  | ResizeRequest
  | CheckRequest
  | RepairRequest
  | CommitRequest
  | RebaseRequest
  | BypassRequest
  | CompactRequest
  | AmendRequest
  | BitmapRequest

export interface JobView {
  readonly id: JobId
  readonly kind: JobSpec['kind']
  /** File names, for the title of the row. */
  readonly source?: string
  readonly target: string
  readonly format?: FormatId
  readonly state: JobState
  readonly queuedAt: number
  readonly startedAt?: number
  readonly endedAt?: number
  readonly events?: readonly JobEvent[]
  /** The one that is changed or checked, or the new one, once there is one. */
  readonly volume?: VolumeId
  /** How many there are, where it is about several. */
  readonly count?: number
  /** What it put into the trash. */
  readonly trashed?: readonly TrashId[]
}

/** Something in the trash; `from` is for showing. */
export interface Trashed extends Omit<TrashItem, 'path'> {
  readonly id: TrashId
}

export interface Settings {
  readonly theme: 'system' | 'light' | 'dark'
  readonly density: 'comfortable' | 'compact'
  readonly sidebarOpen: boolean
  readonly inspectorOpen: boolean
  readonly verifyConversions: boolean
  /** Whether changes leave a way back where a dialog asks. */
  readonly keepUndo: boolean
  /** What Create begins with. */
  readonly newFormat: FormatId
  /** Columns of the library that are not shown. */
  readonly hiddenColumns: readonly string[]
  /** Days after which what was deleted is offered to be deleted for good. */
  readonly trashDays: number
  readonly sort: { readonly column: string; readonly descending: boolean }
}

/** Everything the page needs at its start, but the volumes, which come in pages. */
export interface Overview {
  readonly places: readonly Place[]
  readonly volumeCount: number
  readonly jobs: readonly JobView[]
  readonly settings: Settings
  /** What went wrong before there was a page to tell. */
  readonly problems: readonly ErrorData[]
  readonly platform: 'linux' | 'darwin' | 'win32'
}

export type { FormatId, OptionValues }
