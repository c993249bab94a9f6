// A small real engine for tests of what is around it: it keeps jobs and places, and reads no images.

import type { Engine, EngineEvents, Job, JobSpec, VolumeFacts } from '../../core/model/index.ts'
import { SpindleError } from '../../core/model/index.ts'

export type Emit = <Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]) => void

/** Paths that end with `.missing` are not there; `inspect` of `/exit` ends the thread, of `/throw` breaks it. */
export function createFakeEngine({ emit }: { readonly emit: Emit }): Engine {
  const jobs = new Map<string, Job>()
  let count = 0

  function put(job: Job): void {
    jobs.set(job.id, job)
    emit('job', job)
  }

  return {
    formats: async () => [],
    inspect: async (path) => {
      if (path === '/exit') process.exit(1)
      if (path === '/throw') setImmediate(loseTheWay)
      if (path === '/hang') await new Promise(() => undefined)
      if (path.endsWith('.missing'))
        throw new SpindleError('not-found', `There is no file ${path}.`, { path, offset: 7 })
      if (path === '/mistake') throw new TypeError('undefined is not a function')
      const size = { virtualSize: 1024, allocatedSize: 512, fileSize: 1024 }
      return [{ path, format: 'raw', ...size, modifiedAt: 0, details: {} }]
    },
    mapCells: async (_path, { cellCount }) => ({
      size: 1024,
      blockSize: 512,
      hasFileMap: false,
      cells: new Uint8Array(cellCount),
      bytes: [1024],
    }),
    mapExtents: async () => ({ size: 1024, extents: [] }),
    allocation: async (_path, cellCount) => ({
      virtualSize: 1024,
      cells: Array.from({ length: cellCount }, () => 'hole' as const),
      totals: { hole: 1024, zero: 0, data: 0, compressed: 0, backing: 0 },
    }),
    history: async () => ({ nodes: [] }),
    contents: async () => ({ diskSize: 1024, scheme: 'none', sectorSize: 512, partitions: [], problems: [] }),
    planTrash: async (paths) => ({ files: paths, allocatedSize: 512, dependents: [], command: [] }),
    checkBase: async () => ({ kind: 'plausible', doubts: [] }),
    planMove: async () => ({ told: [], untold: [], copies: false, allocatedSize: 512, free: 1024, command: [] }),
    trash: async () => [],
    predictCreate: async () => ({ now: 1, atMost: 2 }),
    planConvert: async ({ source, target }) => ({
      sourceFormat: 'raw',
      virtualSize: 1024,
      reads: 1024,
      writes: 1024,
      exact: true,
      changes: [],
      free: 1,
      targetExists: false,
      command: ['convert', source, target],
    }),
    planResize: async ({ path }) => ({
      format: 'raw',
      virtualSize: 1024,
      dataEnd: 1024,
      lostBytes: 0,
      cutPartitions: [],
      hasGpt: false,
      undoable: true,
      command: ['resize', path],
    }),
    planCommit: async ({ path, base = '' }) => ({
      base,
      bytes: 1,
      between: [],
      others: [],
      snapshots: [],
      command: ['commit', path, base],
    }),
    planCompact: async ({ path }) => ({ now: 2, atMost: 1, free: 3, command: ['compact', path] }),
    planBypass: async ({ path }) => ({ children: [], frees: 1, command: ['bypass', path] }),
    planRebase: async ({ path, backing }) => ({
      snapshots: [],
      free: 1,
      command: ['rebase', path, backing?.path ?? '', backing?.format ?? ''],
    }),
    undoOffer: async (path) => (path.endsWith('.changed') ? { kind: 'offered', size: 1, changedAt: 2 } : undefined),
    undo: async () => undefined,
    keepChange: async () => undefined,
    lockedFile: async (path) => (path.endsWith('.locked') ? path : undefined),
    unlock: async ({ passphrase }) =>
      passphrase.length === 3 ? { kind: 'unlocked' } : { kind: 'wrong', path: '/some/where', milliseconds: 1 },
    lock: async () => undefined,
    holdSecret: async (passphrase) => `held ${passphrase.length}`,
    changeKeys: async () => undefined,
    backupHeader: async () => undefined,
    space: async () => ({ total: 100, free: 40 }),
    startJob: async (spec: JobSpec) => {
      const id = `job-${++count}`
      put({
        id,
        spec,
        queuedAt: 1,
        startedAt: 2,
        state: { kind: 'running', cancellable: true, progress: { phase: 'copy', done: 1, total: 10 } },
      })
      return id
    },
    cancelJob: async (id) => {
      const job = jobs.get(id)
      if (!job) throw new SpindleError('not-found', `There is no job ${id}.`)
      put({ ...job, state: { kind: 'cancelled' }, endedAt: 3 })
    },
    dismissJob: async (id) => {
      jobs.delete(id)
      emit('jobDismissed', id)
    },
    pauseJob: async () => undefined,
    continueJob: async () => undefined,
    retryJob: async (id) => id,
    resumeJob: async () => undefined,
    discardJob: async () => undefined,
    activity: async () => [],
    jobs: async () => [...jobs.values()],
    setPlaces: async (paths) => {
      const places = paths.map((path) => ({ path, kind: 'folder', state: 'watching', volumeCount: 1 }) as const)
      emit('library', { kind: 'places', places })
      emit('library', { kind: 'volumes', volumes: paths.map((place) => volumeFacts(`${place}/disk.img`, place)) })
    },
    setAllowed: async () => undefined,
    rescan: async () => undefined,
    close: async () => undefined,
  }
}

function loseTheWay(): never {
  throw new Error('the parser lost its way')
}

export function volumeFacts(path: string, place: string): VolumeFacts {
  const name = path.slice(place.length + 1)
  return { path, place, name, format: 'raw', allocatedSize: 1, fileSize: 1, modifiedAt: 1, snapshotCount: 0 }
}
