// The engine as everything above it sees it: plain data in, plain data out, by absolute paths.

import type { History } from './history.ts'
import type { DiskContents } from './contents.ts'
import type { ErrorData } from './error.ts'
import type { FormatId, ImageFacts } from './image.ts'
import type { MapCells, MapExtents, MapRequest } from './map.ts'
import type {
  BypassJob,
  CompactJob,
  CommitJob,
  Job,
  JobSpec,
  ConvertJob,
  CreateJob,
  MoveJob,
  RebaseJob,
  ResizeJob,
} from './job.ts'
import type { KeyChange, UnlockOutcome, UnlockSpec } from './lock.ts'
import type { LibraryEvent, SpaceFacts } from './library.ts'
import type {
  AllocationStrip,
  BaseVerdict,
  BypassPlan,
  CompactPlan,
  CommitPlan,
  ConvertPlan,
  FormatFacts,
  MovePlan,
  RebasePlan,
  ResizePlan,
  SizePrediction,
  TrashItem,
  TrashPlan,
  UndoOffer,
} from './plan.ts'

/** Both paths are absolute. */
export interface AllowedFile {
  /** The image that names it. */
  readonly image: string
  readonly file: string
}

/** Every method rejects with a SpindleError. */
export interface Engine {
  formats(): Promise<readonly FormatFacts[]>
  /** The image and, below it, its backing files; a layer that cannot be opened ends the list with its `unreadable`. */
  inspect(path: string, format?: FormatId): Promise<readonly ImageFacts[]>
  /** The whole disk in `cellCount` equal parts. */
  allocation(path: string, cellCount: number): Promise<AllocationStrip>
  /** The files and snapshots a disk was made from, and those made from them, with what each takes and would free. */
  history(path: string): Promise<History>
  /** Partitions and file systems on the disk. */
  contents(path: string): Promise<DiskContents>
  /** The answer may have fewer cells than were asked for: ask again from there. Whoever stops asking has cancelled. */
  mapCells(path: string, request: MapRequest): Promise<MapCells>
  /** At most `count` extents of the disk, from `offset` on. */
  mapExtents(path: string, offset: number, count: number): Promise<MapExtents>
  predictCreate(spec: CreateJob): Promise<SizePrediction>
  planConvert(spec: ConvertJob): Promise<ConvertPlan>
  planResize(spec: ResizeJob): Promise<ResizePlan>
  planCommit(spec: CommitJob): Promise<CommitPlan>
  planCompact(spec: CompactJob): Promise<CompactPlan>
  planBypass(spec: BypassJob): Promise<BypassPlan>
  planRebase(spec: RebaseJob): Promise<RebasePlan>
  /** What deleting these would take along and break. */
  planTrash(paths: readonly string[]): Promise<TrashPlan>
  /** Whether `candidate` may be what the image at `path` lies on. */
  checkBase(path: string, candidate: string): Promise<BaseVerdict>
  planMove(spec: MoveJob): Promise<MovePlan>
  /** What lies in the trashes of the library's folders, newest first. */
  trash(): Promise<readonly TrashItem[]>
  /** Undefined when there is nothing to undo. */
  undoOffer(path: string): Promise<UndoOffer | undefined>
  /** Puts the image back as it was before its last change in place. */
  undo(path: string): Promise<void>
  /** Makes the last change in place final: its undo file goes. */
  keepChange(path: string): Promise<void>
  /** Of the file system that holds the folder. */
  space(folder: string): Promise<SpaceFacts>
  /** Path of the first file of the image and those below it that is locked; undefined where all can be read. */
  lockedFile(path: string): Promise<string | undefined>
  unlock(spec: UnlockSpec): Promise<UnlockOutcome>
  /** Forgets the keys of this image and those below it; without one, of all that were not to be remembered. */
  lock(path?: string): Promise<void>
  /** For the one job whose options name the id that is returned: used once, then forgotten. */
  holdSecret(passphrase: Uint8Array): Promise<string>
  changeKeys(path: string, change: KeyChange): Promise<void>
  /** Writes a copy of the header with its key slots to a new file. */
  backupHeader(path: string, target: string): Promise<void>
  startJob(spec: JobSpec): Promise<string>
  /** Returns once the request is noted; the job's state tells when it has stopped. */
  cancelJob(id: string): Promise<void>
  /** Forgets an ended job. */
  dismissJob(id: string): Promise<void>
  /** Has a running job stand still; it leaves its disk to others meanwhile. */
  pauseJob(id: string): Promise<void>
  continueJob(id: string): Promise<void>
  /** Asks for a failed or cancelled job once more, in its place. The new job's id. */
  retryJob(id: string): Promise<string>
  /** Runs a job again that was interrupted, once what it left behind is put back. */
  resumeJob(id: string): Promise<void>
  /** Puts back what an interrupted job left behind, and forgets it. */
  discardJob(id: string): Promise<void>
  /** The jobs, of any run of the program, that were about a file and have ended; the last one first. */
  activity(path: string): Promise<readonly Job[]>
  jobs(): Promise<readonly Job[]>
  /** The places to show, replacing those before; scans new ones and watches all of them. */
  setPlaces(paths: readonly string[]): Promise<void>
  /** Files outside their own folder that images may use beside those in the places, replacing those before. */
  setAllowed(files: readonly AllowedFile[]): Promise<void>
  /** Looks at everything again. */
  rescan(): Promise<void>
  /** Cancels what runs, waits for it, and lets go of every file. */
  close(): Promise<void>
}

export interface EngineEvents {
  job: Job
  jobDismissed: string
  library: LibraryEvent
  /** What went wrong that no request asked for. */
  problem: ErrorData
}
