// The typed IPC: what the page may ask of main, and what main tells the page.

import type {
  AllocationStrip,
  BaseVerdict,
  BypassPlan,
  CompactPlan,
  CommitPlan,
  ConvertPlan,
  DiskContents,
  ErrorData,
  FormatFacts,
  History,
  ImageFacts,
  MapCells,
  MapExtents,
  MapRequest,
  KeyChange,
  RebasePlan,
  ResizePlan,
  SizePrediction,
  UnlockOutcome,
  MovePlan,
  TrashPlan,
  UndoOffer,
} from '../../core/model/index.ts'
import type {
  BypassRequest,
  CompactRequest,
  CommitRequest,
  ConvertRequest,
  CreateRequest,
  Folder,
  Granted,
  JobRequest,
  JobView,
  MoveRequest,
  Overview,
  Place,
  RebaseRequest,
  ResizeRequest,
  Settings,
  UnlockRequest,
  Trashed,
  Volume,
} from './data.ts'
import type { FolderId, JobId, VolumeId } from './ids.ts'

/** Answered by the engine; main only turns ids into paths. */
export interface EngineApi {
  formats(): Promise<readonly FormatFacts[]>
  inspect(volume: VolumeId): Promise<readonly ImageFacts[]>
  allocation(volume: VolumeId, cellCount: number): Promise<AllocationStrip>
  /** The files and snapshots the volume was made from, and those made from them. */
  history(volume: VolumeId): Promise<History>
  contents(volume: VolumeId): Promise<DiskContents>
  /** The answer may have fewer cells than were asked for: ask again from there. */
  mapCells(volume: VolumeId, request: MapRequest): Promise<MapCells>
  /** At most `count` extents of the disk, from `offset` on. */
  mapExtents(volume: VolumeId, offset: number, count: number): Promise<MapExtents>
  predictCreate(request: CreateRequest): Promise<SizePrediction>
  planConvert(request: ConvertRequest): Promise<ConvertPlan>
  planResize(request: ResizeRequest): Promise<ResizePlan>
  planCommit(request: CommitRequest): Promise<CommitPlan>
  planCompact(request: CompactRequest): Promise<CompactPlan>
  planBypass(request: BypassRequest): Promise<BypassPlan>
  planRebase(request: RebaseRequest): Promise<RebasePlan>
  planTrash(volumes: readonly VolumeId[]): Promise<TrashPlan>
  /** Whether it may be what the volume lies on. */
  checkBase(volume: VolumeId, candidate: VolumeId): Promise<BaseVerdict>
  planMove(request: MoveRequest): Promise<MovePlan>
  /** Newest first. */
  trash(): Promise<readonly Trashed[]>
  /** Null when there is nothing to undo. */
  undoOffer(volume: VolumeId): Promise<UndoOffer | null>
  /** Puts the volume back as it was before its last change in place. */
  undo(volume: VolumeId): Promise<void>
  /** Makes the volume's last change in place final: its undo file goes. */
  keepChange(volume: VolumeId): Promise<void>
  /** Name of the first file of the volume's chain that is locked; null where all can be read. */
  lockedFile(volume: VolumeId): Promise<string | null>
  unlock(request: UnlockRequest): Promise<UnlockOutcome>
  /** Null for all that were not to be remembered. */
  lock(volume: VolumeId | null): Promise<void>
  /** Returns the id that the options of one job may name. */
  holdSecret(passphrase: Uint8Array): Promise<string>
  changeKeys(volume: VolumeId, change: KeyChange): Promise<void>
  /** Into a new file of that name. */
  backupHeader(volume: VolumeId, folder: FolderId, name: string): Promise<void>
  startJob(request: JobRequest): Promise<JobId>
  cancelJob(job: JobId): Promise<void>
  dismissJob(job: JobId): Promise<void>
  pauseJob(job: JobId): Promise<void>
  continueJob(job: JobId): Promise<void>
  retryJob(job: JobId): Promise<JobId>
  /** Runs an interrupted job again, once what it left behind is put back. */
  resumeJob(job: JobId): Promise<void>
  /** Puts back what an interrupted job left behind, and forgets it. */
  discardJob(job: JobId): Promise<void>
  /** Jobs of all times that were about the volume and have ended; the last one first. */
  activity(volume: VolumeId): Promise<readonly JobView[]>
  rescan(): Promise<void>
}

/** Answered by main itself. */
export interface ShellApi {
  overview(): Promise<Overview>
  /** Volumes from `start` on, at most 100. */
  volumes(start: number): Promise<readonly Volume[]>
  /** Opens the system's folder dialog; null when it was dismissed. */
  chooseFolder(): Promise<Folder | null>
  /** Opens the system's file dialog; empty when it was dismissed. */
  chooseFiles(): Promise<readonly Granted[]>
  folder(folder: FolderId): Promise<Folder>
  /** The one the volume lies in. */
  folderOf(volume: VolumeId): Promise<Folder>
  /** Shows these granted folders and files in the library from now on. */
  addToLibrary(items: readonly (FolderId | VolumeId)[]): Promise<void>
  removePlace(place: FolderId): Promise<void>
  /** Asks whether the volume may use the files outside its folder that it names; true when it may now. */
  allowOutside(volume: VolumeId): Promise<boolean>
  showInFolder(volume: VolumeId): Promise<void>
  copyText(text: string): Promise<void>
  saveSettings(change: Partial<Settings>): Promise<Settings>
}

export type Api = EngineApi & ShellApi

export interface Events {
  places: readonly Place[]
  /** New or changed rows, at most 100 at a time. */
  volumes: readonly Volume[]
  volumesRemoved: readonly VolumeId[]
  job: JobView
  jobDismissed: JobId
  settings: Settings
  /** Files named on the command line or opened from the desktop; told once the page has asked for its `overview`. */
  opened: readonly Granted[]
  /** The native menu asks for one of the page's commands by its id. */
  command: string
  /** The engine failed and was started again; running jobs are lost and say so. */
  engineRestarted: ErrorData
  /** What went wrong that no request asked for; those of before the page asked for its `overview` come with it. */
  problem: ErrorData
}

/** Replies are values: an error crosses as data, never as a thrown string. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData }

/** What the preload puts on `window.spindle`. */
export type WindowApi = {
  readonly [Method in keyof Api]: (...args: Parameters<Api[Method]>) => Promise<Reply<Awaited<ReturnType<Api[Method]>>>>
} & {
  /** Files dropped on or pasted into the page, granted by main: only real files have a path, so none can be made up. */
  grantFiles(files: readonly File[]): Promise<Reply<readonly Granted[]>>
  /** Returns the function that ends the subscription. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void
}
