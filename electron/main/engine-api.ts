// The engine's part of the page's API: ids become paths, names become new paths, and nothing else is decided here.

import { basename, dirname, join, relative } from 'node:path'
import type { EngineApi } from '../contract/api.ts'
import type {
  CommitRequest,
  ConvertRequest,
  CreateRequest,
  JobRequest,
  MoveRequest,
  RebaseRequest,
} from '../contract/data.ts'
import type { VolumeId } from '../contract/ids.ts'
import {
  SpindleError,
  assertNever,
  type CommitJob,
  type ConvertJob,
  type CreateJob,
  type Engine,
  type FormatId,
  type JobSpec,
  type MoveJob,
  type RebaseJob,
} from '../../core/model/index.ts'
import { checkFileName } from './file-name.ts'
import type { Grants } from './grants.ts'
import type { JobMirror } from './job-mirror.ts'

export function createEngineApi(engine: Engine, grants: Grants, jobs: JobMirror): EngineApi {
  function target({ folder, name }: { readonly folder: string; readonly name: string }): string {
    checkFileName(name)
    return join(grants.folderPath(folder), name)
  }

  async function createJob(request: CreateRequest): Promise<CreateJob> {
    const { folder, name, backing, ...rest } = request
    const spec = { ...rest, target: target({ folder, name }) }
    if (backing === undefined) return spec
    const path = grants.volumePath(backing)
    return { ...spec, backing: { path, format: await formatOf(path) } }
  }

  function convertJob({ source, folder, name, ...rest }: ConvertRequest): ConvertJob {
    return { ...rest, source: grants.volumePath(source), target: target({ folder, name }) }
  }

  /** The same request with the volume's path. */
  function inPlace<Request extends { readonly volume: VolumeId }>({ volume, ...rest }: Request) {
    return { ...rest, path: grants.volumePath(volume) }
  }

  async function formatOf(path: string): Promise<FormatId> {
    const [facts] = await engine.inspect(path)
    return facts?.format ?? 'raw'
  }

  async function commitJob({ depth, ...request }: CommitRequest): Promise<CommitJob> {
    const job = inPlace(request)
    if (depth === 1) return job
    const chain = await engine.inspect(job.path, job.format)
    const base = chain[depth]?.path
    if (base !== undefined) return { ...job, base }
    throw new SpindleError(
      'invalid-argument',
      `There are not so many files below ${job.path} any more. Nothing was changed.`,
      { path: job.path },
    )
  }

  async function rebaseJob({ backing, ...request }: RebaseRequest): Promise<RebaseJob> {
    const job = inPlace(request)
    if (backing === undefined) return job
    const path = grants.volumePath(backing)
    return { ...job, backing: { path: referenceTo(path, job.path), format: await formatOf(path) } }
  }

  function moveJob({ volume, folder, name, ...rest }: MoveRequest): MoveJob {
    const path = grants.volumePath(volume)
    checkFileName(name)
    return { ...rest, path, target: folder === undefined ? join(dirname(path), name) : target({ folder, name }) }
  }

  async function jobSpec(request: JobRequest): Promise<JobSpec> {
    switch (request.kind) {
      case 'move':
        return moveJob(request)
      case 'copy': {
        const { volume, folder, name, ...rest } = request
        return { ...rest, path: grants.volumePath(volume), target: target({ folder, name }) }
      }
      case 'trash': {
        const { volumes, ...rest } = request
        return { ...rest, paths: volumes.map((volume) => grants.volumePath(volume)) }
      }
      case 'restore':
      case 'empty-trash':
        return { ...request, items: request.items.map((item) => grants.trashPath(item)) }
      case 'create':
        return createJob(request)
      case 'convert':
        return convertJob(request)
      case 'compare':
        return { ...request, left: grants.volumePath(request.left), right: grants.volumePath(request.right) }
      case 'snapshot':
        return inPlace(request)
      case 'resize':
        return inPlace(request)
      case 'bypass':
        return inPlace(request)
      case 'compact':
        return inPlace(request)
      case 'amend':
        return inPlace(request)
      case 'bitmap':
        return inPlace(request)
      case 'check':
        return inPlace(request)
      case 'repair':
        return inPlace(request)
      case 'commit':
        return commitJob(request)
      case 'rebase':
        return rebaseJob(request)
      default:
        return assertNever(request)
    }
  }

  return {
    formats: () => engine.formats(),
    inspect: async (volume) => engine.inspect(grants.volumePath(volume)),
    contents: async (volume) => engine.contents(grants.volumePath(volume)),
    allocation: async (volume, cellCount) => engine.allocation(grants.volumePath(volume), cellCount),
    history: async (volume) => engine.history(grants.volumePath(volume)),
    mapCells: (volume, request) => engine.mapCells(grants.volumePath(volume), request),
    mapExtents: (volume, offset, count) => engine.mapExtents(grants.volumePath(volume), offset, count),
    predictCreate: async (request) => engine.predictCreate(await createJob(request)),
    planConvert: async (request) => engine.planConvert(convertJob(request)),
    planResize: async (request) => engine.planResize(inPlace(request)),
    planCommit: async (request) => engine.planCommit(await commitJob(request)),
    planCompact: async (request) => engine.planCompact(inPlace(request)),
    planBypass: async (request) => engine.planBypass(inPlace(request)),
    planRebase: async (request) => engine.planRebase(await rebaseJob(request)),
    planTrash: async (volumes) => engine.planTrash(volumes.map((volume) => grants.volumePath(volume))),
    checkBase: async (volume, candidate) => engine.checkBase(grants.volumePath(volume), grants.volumePath(candidate)),
    planMove: async (request) => engine.planMove(moveJob(request)),
    trash: async () => (await engine.trash()).map(({ path, ...rest }) => ({ ...rest, id: grants.trash(path) })),
    undoOffer: async (volume) => (await engine.undoOffer(grants.volumePath(volume))) ?? null,
    undo: async (volume) => engine.undo(grants.volumePath(volume)),
    keepChange: async (volume) => engine.keepChange(grants.volumePath(volume)),
    lockedFile: async (volume) => {
      const path = await engine.lockedFile(grants.volumePath(volume))
      return path === undefined ? null : basename(path)
    },
    unlock: async (request) => {
      const { passphrase } = request
      const outcome = await spending([passphrase], () => engine.unlock(inPlace(request)))
      return 'path' in outcome ? { ...outcome, path: basename(outcome.path) } : outcome
    },
    lock: async (volume) => engine.lock(volume === null ? undefined : grants.volumePath(volume)),
    holdSecret: async (passphrase) => spending([passphrase], () => engine.holdSecret(passphrase)),
    changeKeys: async (volume, change) => {
      const secrets = change.kind === 'remove' ? [change.known] : [change.known, change.added]
      return spending(secrets, () => engine.changeKeys(grants.volumePath(volume), change))
    },
    backupHeader: async (volume, folder, name) =>
      engine.backupHeader(grants.volumePath(volume), target({ folder, name })),
    startJob: async (request) => engine.startJob(await jobSpec(request)),
    cancelJob: async (id) => {
      // Of a lost job the engine is gone, and the job with it.
      if (!jobs.isLost(id)) await engine.cancelJob(id)
    },
    dismissJob: async (id) => {
      if (jobs.isLost(id)) jobs.forgetLost(id)
      else await engine.dismissJob(id)
    },
    pauseJob: async (id) => {
      if (!jobs.isLost(id)) await engine.pauseJob(id)
    },
    continueJob: async (id) => {
      if (!jobs.isLost(id)) await engine.continueJob(id)
    },
    retryJob: async (id) => {
      const lost = jobs.isLost(id)
      const again = lost ? await engine.startJob(jobs.spec(id)) : await engine.retryJob(id)
      if (lost) jobs.forgetLost(id)
      return again
    },
    resumeJob: async (id) => engine.resumeJob(jobs.known(id)),
    discardJob: async (id) => engine.discardJob(jobs.known(id)),
    activity: async (volume) => (await engine.activity(grants.volumePath(volume))).map((job) => jobs.view(job)),
    rescan: () => engine.rescan(),
  }
}

/** The engine has its own copy: here they are overwritten, whatever comes of it. */
async function spending<T>(secrets: readonly Uint8Array[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    for (const secret of secrets) secret.fill(0)
  }
}

/** As it is written into an image: by name from its folder where both can move together, else by the whole path. */
function referenceTo(path: string, from: string): string {
  const name = relative(dirname(from), path)
  if (name.startsWith('..')) return path
  // A name with a colon would be taken for a protocol.
  return name.includes(':') ? `./${name}` : name
}
