// Every operation of the engine by name; its code is loaded when it is first asked for, so that small things start fast.

import { driverOf } from '../image/detect.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { assertNever } from '../model/error.ts'
import type { History, LayerCost } from '../model/history.ts'
import type { DiskContents } from '../model/contents.ts'
import type { FormatId, ImageFacts, KeySlotFacts, MapRow } from '../model/image.ts'
import type { MapCells, MapExtents, MapRequest } from '../model/map.ts'
import type { KeyChange, UnlockOutcome, UnlockSpec } from '../model/lock.ts'
import type {
  BypassJob,
  CompactJob,
  CommitJob,
  ConvertJob,
  CreateJob,
  JobResult,
  JobSpec,
  MoveJob,
  RebaseJob,
  ResizeJob,
} from '../model/job.ts'
import type {
  AllocationStrip,
  BaseVerdict,
  CompactPlan,
  BypassPlan,
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
} from '../model/plan.ts'
import type { Secrets } from '../crypto/secrets.ts'
import type { SessionSecrets } from '../crypto/session-secrets.ts'
import type { ImageDriver } from '../image/driver.ts'
import { ANYWHERE, reachOf } from '../image/reach.ts'
import type { Reach } from '../image/reach.ts'
import type { Sharing } from '../storage/image-locks.ts'
import type { UndoState } from '../storage/undo-log.ts'
import type { Difference } from '../transfer/compare.ts'
import type { TransferPool } from '../transfer/pool.ts'
import type { HistorySpec } from './history.ts'
import type { TreeSpec } from './tree.ts'
import type { ImageNode } from '../library/graph.ts'
import type { ComparedDisks } from './differences.ts'
import type { BackupsSpec } from './backups.ts'
import type { BenchSpec } from './bench.ts'
import type { ContentsSpec } from './contents.ts'
import type { KeySlotSpec } from './key-slots.ts'
import type { InspectSpec } from './inspect.ts'
import type { MapSpec } from './map.ts'
import type { MeasureSpec, MeasuredSizes } from './measure.ts'
import { namedFiles } from './named-files.ts'
import { noted } from './noted.ts'
import { systemParts } from './parts.ts'
import type { Parts } from './parts.ts'

export interface Operations {
  readonly formats: () => readonly FormatFacts[]
  /** By qemu's name. Throws `unsupported` with the names there are. */
  readonly format: (name: string) => FormatFacts
  readonly inspect: (spec: InspectSpec) => Promise<readonly ImageFacts[]>
  readonly map: (spec: MapSpec, signal: AbortSignal) => AsyncGenerator<readonly MapRow[]>
  readonly allocation: (path: string, cellCount: number) => Promise<AllocationStrip>
  /** Partitions and file systems. */
  readonly contents: (spec: ContentsSpec) => Promise<DiskContents>
  /** Where the answer may have fewer cells than were asked for, ask again from there. With `patient` it has all. */
  readonly mapCells: (
    path: string,
    request: MapRequest,
    how?: { readonly format?: FormatId; readonly patient?: AbortSignal },
  ) => Promise<MapCells>
  readonly mapExtents: (path: string, offset: number, count: number) => Promise<MapExtents>
  readonly measure: (spec: MeasureSpec, signal: AbortSignal) => Promise<MeasuredSizes>
  readonly predictCreate: (job: CreateJob) => Promise<SizePrediction>
  readonly planConvert: (job: ConvertJob) => Promise<ConvertPlan>
  readonly planResize: (job: ResizeJob) => Promise<ResizePlan>
  readonly planCommit: (job: CommitJob) => Promise<CommitPlan>
  readonly planBypass: (job: BypassJob) => Promise<BypassPlan>
  readonly planRebase: (job: RebaseJob) => Promise<RebasePlan>
  readonly planCompact: (job: CompactJob) => Promise<CompactPlan>
  readonly planTrash: (paths: readonly string[]) => Promise<TrashPlan>
  /** Whether `candidate` may be what the image at `path` lies on. */
  readonly checkBase: (path: string, candidate: string) => Promise<BaseVerdict>
  readonly planMove: (job: Pick<MoveJob, 'path' | 'target'>) => Promise<MovePlan>
  /** What lies in the trashes of these folders, newest first. */
  readonly trash: (folders: readonly string[]) => Promise<readonly TrashItem[]>
  /** Ends a move of the image at this path that was cut off; does nothing where there is none. */
  readonly endMove: (path: string) => Promise<void>
  /** Every range in which the two disks differ. */
  readonly differences: (job: ComparedDisks, signal: AbortSignal) => AsyncGenerator<Difference>
  /** The images that lie on nothing; all others are above them. */
  readonly tree: (spec: TreeSpec, signal: AbortSignal) => Promise<readonly ImageNode[]>
  /** What each of these images, and every state inside them, takes and would free: by path. */
  readonly layerCosts: (roots: readonly ImageNode[], signal: AbortSignal) => Promise<ReadonlyMap<string, LayerCost>>
  /** The tree of images that one is in. */
  readonly family: (spec: HistorySpec, signal: AbortSignal) => Promise<ImageNode>
  /** The files and snapshots a disk was made from, and those made from them. */
  readonly history: (spec: HistorySpec, signal: AbortSignal) => Promise<History>
  /** Seconds that the requests took. */
  readonly bench: (spec: BenchSpec, signal: AbortSignal) => Promise<number>
  /** Changes who can open an encrypted image; the slots as they are afterwards. */
  readonly keySlots: (spec: KeySlotSpec, context: OperationContext) => Promise<readonly KeySlotFacts[]>
  /** The same with passphrases that come along. */
  readonly changeKeys: (path: string, change: KeyChange) => Promise<readonly KeySlotFacts[]>
  readonly backupHeader: (path: string, target: string) => Promise<void>
  /** Path of the first file of the chain that is locked; undefined where all can be read. */
  readonly lockedFile: (path: string) => Promise<string | undefined>
  readonly unlock: (spec: UnlockSpec, session: SessionSecrets) => Promise<UnlockOutcome>
  /** What was unlocked of this volume and below it is locked again. */
  readonly lock: (path: string, session: SessionSecrets) => Promise<void>
  /** Notes a finished backup in its folder and deletes those no longer to be kept; their names. */
  readonly keepBackup: (file: string, spec: BackupsSpec) => Promise<readonly string[]>
  readonly undoOffer: (path: string) => Promise<UndoOffer | undefined>
  /** Undefined when there is nothing to undo. */
  readonly undoState: (path: string) => Promise<UndoState | undefined>
  /** Puts an image back as it was before its last change in place. */
  readonly undo: (path: string) => Promise<void>
  /** Makes the last change in place final: its undo file goes. */
  readonly keepChange: (path: string) => Promise<void>
  readonly run: (job: JobSpec, context: OperationContext) => Promise<JobResult>
  /** Ends the threads; to be called when nothing runs. */
  readonly close: () => Promise<void>
}

export interface OperationsOptions {
  /** How images are opened that are only looked at; left out, in spite of others. */
  readonly looks?: Sharing
  /** How jobs open what they only read; left out, so that nobody changes it meanwhile. */
  readonly reads?: Sharing
  /** Who knows the passphrases of encrypted images; left out, nobody does. */
  readonly secrets?: Secrets
  /** Images anywhere that are known to lie directly on one of these. */
  readonly overlaysOf?: (paths: readonly string[]) => readonly string[]
  /** Images anywhere, among which one is looked for that others know only by what it calls itself. */
  readonly volumes?: () => readonly string[]
  /** Whether a file may be in the format its name states when nothing in it speaks against that. */
  readonly byName?: boolean
  /**
   * Files and folders that an image may use beside what is in its own folder, all absolute; left out, none. `all` says
   * that any may be used.
   */
  readonly allowed?: 'all' | ((image: string) => readonly string[])
  /** Instead of the system's. */
  readonly parts?: Parts
}

/** Paths are absolute everywhere. */
export function openOperations(options: OperationsOptions = {}): Operations {
  const { overlaysOf, byName, allowed = () => [] } = options
  const reachWith = (named: readonly string[]): Reach =>
    allowed === 'all' ? ANYWHERE : reachOf((image) => [...named, ...allowed(image)])
  const system = (sharing: Sharing, named: readonly string[] = []): Parts => ({
    ...systemParts(sharing, options.secrets, options.volumes, reachWith(named)),
    ...(overlaysOf && { overlaysOf }),
    ...(byName !== undefined && { byName }),
  })
  const parts = options.parts ?? system(options.looks ?? 'shared')
  const { drivers } = parts
  const forJob = (context?: OperationContext, job?: JobSpec): Parts =>
    noted(options.parts ?? system(options.reads ?? 'locked', job && namedFiles(job)), context?.making)
  /** For what only says what a job would do. */
  const forPlan = (job: JobSpec): Parts => options.parts ?? system(options.looks ?? 'shared', namedFiles(job))
  let pool: TransferPool | undefined
  const withPool = async (context?: OperationContext, job?: JobSpec): Promise<Parts> => {
    const { TransferPool } = await import('../transfer/pool.ts')
    return { ...forJob(context, job), pool: (pool ??= new TransferPool()) }
  }
  return {
    formats: () => drivers.map(factsOf),
    format: (name) => factsOf(driverOf(drivers, name)),
    inspect: async (spec) => (await import('./inspect.ts')).inspect(spec, parts),
    async *map(spec, signal) {
      yield* (await import('./map.ts')).map(spec, signal, parts)
    },
    allocation: async (path, cellCount) => (await import('./allocation.ts')).allocation(path, cellCount, parts),
    contents: async (spec) => (await import('./contents.ts')).contents(spec, parts),
    mapCells: async (path, request, how) => (await import('./map-cells.ts')).mapCells(path, request, parts, how),
    mapExtents: async (path, offset, count) =>
      (await import('./map-extents.ts')).mapExtents(path, offset, count, parts),
    measure: async (spec, signal) => (await import('./measure.ts')).measure(spec, signal, parts),
    predictCreate: async (job) => (await import('./predict-create.ts')).predictCreate(job, forPlan(job)),
    planConvert: async (job) => (await import('./plan-convert.ts')).planConvert(job, forPlan(job)),
    planResize: async (job) => (await import('./plan-resize.ts')).planResize(job, forPlan(job)),
    planCommit: async (job) => (await import('./plan-commit.ts')).planCommit(job, forPlan(job)),
    planBypass: async (job) => (await import('./plan-bypass.ts')).planBypass(job, forPlan(job)),
    planRebase: async (job) => (await import('./plan-rebase.ts')).planRebase(job, forPlan(job)),
    planCompact: async (job) => (await import('./compact.ts')).planCompact(job, forPlan(job)),
    planTrash: async (paths) => (await import('./trash.ts')).planTrash(paths, parts),
    checkBase: async (path, candidate) => (await import('./check-base.ts')).checkBase(path, candidate, parts),
    planMove: async (job) => (await import('./move.ts')).planMove(job, forJob()),
    trash: async (folders) => (await import('./trash-store.ts')).trashIn(folders),
    endMove: async (path) => (await import('./move-end.ts')).endMove(path, forJob()),
    keepBackup: async (file, spec) => (await import('./backups.ts')).keepBackup(file, spec),
    undoOffer: async (path) => (await import('./plan-undo.ts')).undoOffer(path),
    async *differences(job, signal) {
      yield* (await import('./differences.ts')).differences(job, signal, await withPool())
    },
    tree: async (spec, signal) => (await import('./tree.ts')).tree(spec, signal, parts),
    layerCosts: async (roots, signal) => (await import('./layer-costs.ts')).layerCosts(roots, signal, parts),
    family: async (spec, signal) => (await import('./history.ts')).family(spec, signal, parts),
    history: async (spec, signal) => (await import('./history.ts')).history(spec, signal, parts),
    bench: async (spec, signal) => (await import('./bench.ts')).bench(spec, signal, forJob()),
    keySlots: async (spec, context) => (await import('./key-slots.ts')).keySlots(spec, context, forJob()),
    changeKeys: async (path, change) => (await import('./change-keys.ts')).changeKeys(path, change, forJob()),
    backupHeader: async (path, target) => (await import('./change-keys.ts')).backupHeader(path, target, forJob()),
    lockedFile: async (path) => (await import('./unlock.ts')).lockedFile(path, parts),
    unlock: async (spec, session) => (await import('./unlock.ts')).unlock(spec, session, parts),
    lock: async (path, session) => (await import('./unlock.ts')).lock(path, session, parts),
    undoState: async (path) => (await import('./undo.ts')).undoState(path),
    undo: async (path) => (await import('./undo.ts')).undo(path),
    keepChange: async (path) => (await import('./keep-change.ts')).keepChange(path),
    async run(job, context) {
      switch (job.kind) {
        case 'move':
          return (await import('./move.ts')).move(job, context, forJob())
        case 'copy':
          return (await import('./copy.ts')).copy(job, context, forJob(context, job))
        case 'trash':
          return (await import('./trash.ts')).trash(job, context, forJob())
        case 'restore':
          return (await import('./trash.ts')).restore(job, context)
        case 'empty-trash':
          return (await import('./trash.ts')).emptyTrash(job, context)
        case 'create':
          return (await import('./create.ts')).create(job, context, forJob(context, job))
        case 'convert':
          return (await import('./convert.ts')).convert(job, context, await withPool(context, job))
        case 'compare':
          return (await import('./compare.ts')).compare(job, context, await withPool(context, job))
        case 'snapshot':
          return (await import('./snapshot.ts')).snapshot(job, context, forJob(context, job))
        case 'resize':
          return (await import('./resize.ts')).resize(job, context, forJob(context, job))
        case 'commit':
          return (await import('./commit.ts')).commit(job, context, forJob(context, job))
        case 'rebase':
          return (await import('./rebase.ts')).rebase(job, context, await withPool(context, job))
        case 'compact':
          return (await import('./compact.ts')).compact(job, context, await withPool(context, job))
        case 'bypass':
          return (await import('./bypass.ts')).bypass(job, context, await withPool(context, job))
        case 'amend':
          return (await import('./amend.ts')).amend(job, context, forJob(context, job))
        case 'bitmap':
          return (await import('./bitmap.ts')).bitmap(job, context, forJob())
        case 'check':
          return (await import('./check.ts')).check(job, context, forJob(context, job))
        case 'repair':
          return (await import('./repair.ts')).repair(job, context, forJob(context, job))
        default:
          return assertNever(job)
      }
    },
    close: async () => pool?.close(),
  }
}

function factsOf({ format, title, extensions, capabilities, options }: ImageDriver): FormatFacts {
  return { format, title, extensions, capabilities, options }
}
