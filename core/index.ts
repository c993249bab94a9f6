// The only door to the engine.

import type { Secrets } from './crypto/secrets.ts'
import { JobQueue } from './jobs/queue.ts'
import { Lineage } from './library/lineage.ts'
import type { Library } from './library/library.ts'
import type { Engine, EngineEvents } from './model/engine.ts'
import type { LibraryEvent } from './model/library.ts'
import { openOperations } from './operations/index.ts'
import { space } from './operations/space.ts'

export interface EngineOptions {
  /** Called with everything there is to tell, in order. */
  readonly emit: <Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]) => void
  /** Who knows the passphrases of encrypted images; left out, nobody does. */
  readonly secrets?: Secrets
}

export function createEngine({ emit, secrets }: EngineOptions): Engine {
  const known = new Lineage()
  const operations = openOperations({
    ...(secrets && { secrets }),
    overlaysOf: (paths) => known.childrenOf(paths),
    volumes: () => known.paths(),
    byName: true,
  })
  const queue = new JobQueue({
    run: operations.run,
    changed: (job) => emit('job', job),
    dismissed: (id) => emit('jobDismissed', id),
  })
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
    return createLibrary({ drivers, emit: tell })
  }
  return {
    formats: async () => operations.formats(),
    inspect: async (path, format) => operations.inspect({ path, chain: true, ...(format !== undefined && { format }) }),
    allocation: operations.allocation,
    history: async (path) => operations.history({ path }, new AbortController().signal),
    contents: async (path) => operations.contents({ path }),
    predictCreate: operations.predictCreate,
    planConvert: operations.planConvert,
    planResize: operations.planResize,
    planCommit: operations.planCommit,
    planRebase: operations.planRebase,
    undoOffer: operations.undoOffer,
    undo: operations.undo,
    keepChange: operations.keepChange,
    space,
    startJob: async (spec) => queue.start(spec),
    cancelJob: async (id) => queue.cancel(id),
    dismissJob: async (id) => queue.dismiss(id),
    jobs: async () => queue.jobs(),
    setPlaces: async (paths) => (await (library ??= openLibrary())).setPlaces(paths),
    rescan: async () => (await library)?.rescan(),
    async close() {
      await queue.close()
      await operations.close()
      unwatch?.()
      await (await library)?.close()
    },
  }
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
export type { Operations } from './operations/index.ts'
