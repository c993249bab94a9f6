// The only door to the engine.

import { SessionSecrets } from './crypto/session-secrets.ts'
import { Journal } from './jobs/journal.ts'
import { JobQueue } from './jobs/queue.ts'
import { Lineage } from './library/lineage.ts'
import type { Library } from './library/library.ts'
import type { AllowedFile, Engine, EngineEvents } from './model/engine.ts'
import type { LibraryEvent } from './model/library.ts'
import { errorData } from './model/error.ts'
import { demandOf } from './operations/demand.ts'
import { openOperations } from './operations/index.ts'
import { hadFinished, recover } from './operations/recover.ts'
import { SessionLocks } from './operations/session-locks.ts'
import { space } from './operations/space.ts'

export interface EngineOptions {
  /** Called with everything there is to tell, in order. */
  readonly emit: <Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]) => void
  /** The file that jobs are remembered in over a crash; left out, they are not. */
  readonly journal?: string
}

export function createEngine({ emit, journal: journalPath }: EngineOptions): Engine {
  const secrets = new SessionSecrets()
  const known = new Lineage()
  let places: readonly string[] = []
  let allowed: readonly AllowedFile[] = []
  const operations = openOperations({
    secrets,
    overlaysOf: (paths) => known.childrenOf(paths),
    volumes: () => known.paths(),
    byName: true,
    allowed: (image) => [...places, ...allowed.filter((one) => one.image === image).map(({ file }) => file)],
  })
  const locks = new SessionLocks(secrets, operations)
  const journal = journalPath === undefined ? undefined : openJournal(journalPath, emit)
  const queue = new JobQueue({
    run: operations.run,
    recover,
    demand: demandOf,
    ...(journal && { journal }),
    changed: (job) => {
      locks.note(job)
      emit('job', job)
    },
    dismissed: (id) => emit('jobDismissed', id),
  })
  const restored = restore(queue, journal).catch((error: unknown) => emit('problem', errorData(error)))
  const tell = (event: LibraryEvent): void => {
    for (const told of known.note(event)) emit('library', told)
  }
  let library: Promise<Library> | undefined
  let unwatch: (() => void) | undefined
  const openLibrary = async (): Promise<Library> => {
    const [{ createLibrary }, { drivers }] = await Promise.all([
      import('./library/library.ts'),
      import('./formats/index.ts'),
    ])
    const { watchHolders } = await import('./library/holders.ts')
    unwatch = watchHolders({
      isKnown: (inode) => known.hasInode(inode),
      changed: (holders) => {
        for (const told of known.setHolders(holders)) emit('library', told)
      },
    })
    return createLibrary({
      drivers,
      emit: tell,
      halfMoved: (path) => {
        // Where it goes on, or cannot go on now, everything can be opened all the same.
        operations.endMove(path).catch(() => undefined)
      },
    })
  }
  return {
    formats: async () => operations.formats(),
    inspect: async (path, format) => operations.inspect({ path, chain: true, ...(format !== undefined && { format }) }),
    allocation: operations.allocation,
    history: async (path) => operations.history({ path }, new AbortController().signal),
    contents: async (path) => operations.contents({ path }),
    mapCells: async (path, request) => operations.mapCells(path, request),
    mapExtents: operations.mapExtents,
    predictCreate: operations.predictCreate,
    planConvert: operations.planConvert,
    planResize: operations.planResize,
    planCommit: operations.planCommit,
    planBypass: operations.planBypass,
    planCompact: operations.planCompact,
    planRebase: operations.planRebase,
    planTrash: operations.planTrash,
    planMove: operations.planMove,
    checkBase: operations.checkBase,
    trash: async () => operations.trash((await library)?.folders() ?? []),
    undoOffer: operations.undoOffer,
    undo: operations.undo,
    keepChange: operations.keepChange,
    space,
    ...locks.answers,
    startJob: async (spec) => queue.start(spec),
    cancelJob: async (id) => queue.cancel(id),
    dismissJob: async (id) => queue.dismiss(id),
    pauseJob: async (id) => queue.pause(id),
    continueJob: async (id) => queue.continue(id),
    retryJob: async (id) => queue.retry(id),
    resumeJob: async (id) => queue.resume(id),
    discardJob: async (id) => queue.discard(id),
    activity: async (path) => journal?.past(path) ?? [],
    jobs: async () => queue.jobs(),
    async setAllowed(files) {
      allowed = files
    },
    async setPlaces(paths) {
      // Whoever shows a folder in the library has images there that use each other.
      places = paths
      await (await (library ??= openLibrary())).setPlaces(paths)
    },
    rescan: async () => (await library)?.rescan(),
    async close() {
      await restored
      await queue.close()
      journal?.close()
      await operations.close()
      secrets.clear()
      unwatch?.()
      await (await library)?.close()
    },
  }
}

function openJournal(path: string, emit: EngineOptions['emit']): Journal | undefined {
  let told = false
  const failed = (thrown: unknown): void => {
    if (told) return
    told = true
    const { message } = errorData(thrown)
    emit('problem', {
      code: 'io',
      message: `Spindle cannot write its list of jobs: ${message} Jobs run all the same, but one that is cut off by a crash is not offered again. Volumes are as safe as ever.`,
      path,
    })
  }
  try {
    const { journal, problem } = Journal.open(path, failed)
    if (problem !== undefined) emit('problem', { code: 'io', message: problem, path })
    return journal
  } catch (error) {
    failed(error)
    return undefined
  }
}

/** Jobs that an earlier run of the program did not bring to their end. */
async function restore(queue: JobQueue, journal: Journal | undefined): Promise<void> {
  for (const job of journal?.unfinished() ?? []) queue.restore(job, await hadFinished(job))
}

// For the command line, which does one thing at a time and prints it.
export { Keyring } from './crypto/keyring.ts'
export type { SecretRequest } from './crypto/secrets.ts'
export type { KeySlotAction } from './operations/key-slots.ts'
export { RateMeter } from './jobs/rate.ts'
export { parseOptions } from './image/options.ts'
export { parseReference } from './image/reference.ts'
export type { ImageNode } from './library/graph.ts'
export { openOperations } from './operations/index.ts'
export type { Operations, OperationsOptions } from './operations/index.ts'
