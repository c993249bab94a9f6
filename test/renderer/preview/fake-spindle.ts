// A small engine and shell in memory: what the window needs to be looked at and tested without Electron.

import { KiB, SpindleError, errorData } from '../../../core/model/index.ts'
import type { ConvertPlan, ImageFacts, SizePrediction } from '../../../core/model/index.ts'
import type { Api, Events, Reply, WindowApi } from '../../../electron/contract/api.ts'
import type {
  ConvertRequest,
  CreateRequest,
  Folder,
  Granted,
  JobRequest,
  JobView,
  Place,
  Settings,
  Volume,
} from '../../../electron/contract/data.ts'
import { FORMATS } from './fake-formats.ts'
import { FakeChanges } from './fake-changes.ts'
import type { ChangeRequest } from './fake-changes.ts'
import { FakeFiles } from './fake-files.ts'
import type { FileRequest } from './fake-files.ts'
import { familyOf } from './fake-history.ts'
import { contentsOf } from './fake-contents.ts'
import { allocation, facts, mapCells, mapExtents } from './fake-images.ts'
import { FakeLocks } from './fake-locks.ts'
import { PLACES, fakePlaces, fakeVolumes } from './fake-library.ts'

export interface FakeOptions {
  readonly volumeCount: number
  readonly settings?: Partial<Settings>
  readonly jobs?: readonly JobView[]
  /** A library that is still being looked through. */
  readonly scanning?: boolean
  /** The files chosen in the file dialog, by name. */
  readonly chosenFiles?: readonly string[]
  /** Every volume has a history of so many states. */
  readonly historyLength?: number
}

const PAGE = 100

export class FakeSpindle {
  readonly volumes: Volume[]
  readonly copied: string[] = []
  readonly started: unknown[] = []
  #places: Place[]
  readonly #jobs: JobView[]
  #settings: Settings
  readonly #listeners = new Map<string, Set<(value: never) => void>>()
  readonly #options: FakeOptions
  #lastJob = 0
  readonly #changes = new FakeChanges()
  readonly #locks = new FakeLocks()
  readonly #files = new FakeFiles()

  constructor(options: FakeOptions, now = Date.now()) {
    this.#options = options
    this.volumes = fakeVolumes(options.volumeCount, now)
    this.#places = options.volumeCount === 0 ? [] : fakePlaces(this.volumes)
    if (options.scanning === true) this.#places = fakePlaces([]).map((place) => ({ ...place, state: 'scanning' }))
    this.#jobs = [...(options.jobs ?? [])]
    this.#settings = {
      theme: 'system',
      density: 'comfortable',
      sidebarOpen: true,
      inspectorOpen: true,
      verifyConversions: true,
      keepUndo: true,
      newFormat: 'qcow2',
      hiddenColumns: [],
      trashDays: 14,
      sort: { column: 'name', descending: false },
      ...options.settings,
    }
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(value as never)
  }

  /** What stands on `window.spindle`. */
  window(): WindowApi {
    const api = this.#api()
    const replying = Object.fromEntries(
      Object.entries(api).map(([name, method]) => [
        name,
        (...args: readonly never[]) => reply(() => (method as (...all: readonly never[]) => Promise<unknown>)(...args)),
      ]),
    )
    return {
      ...replying,
      grantFiles: (files: readonly File[]) => reply(async () => files.map((file) => this.#grant(file.name))),
      on: (name: string, listener: (value: never) => void) => {
        const listeners = this.#listeners.get(name) ?? new Set()
        this.#listeners.set(name, listeners.add(listener))
        return () => listeners.delete(listener)
      },
    } as unknown as WindowApi
  }

  #api(): Api {
    return {
      formats: async () => FORMATS,
      inspect: async (id) => this.#inspect(this.#volume(id)),
      history: async (id) =>
        familyOf(this.#volume(id), this.#changes.snapshots(this.#volume(id)), this.#options.historyLength),
      allocation: async (id, cells) => allocation(this.#volume(id), cells),
      contents: async (id) => contentsOf(this.#volume(id)),
      mapCells: async (id, request) => mapCells(this.#volume(id), request),
      mapExtents: async (id, offset, count) => mapExtents(this.#volume(id), offset, count),
      predictCreate: async (request) => this.#predict(request),
      planConvert: async (request) => this.#plan(request),
      planResize: async (request) => this.#changes.planResize(request, this.#volume(request.volume)),
      planCommit: async (request) => this.#changes.planCommit(request, this.#volume(request.volume)),
      planCompact: async ({ volume }) => this.#changes.planCompact(this.#volume(volume)),
      planBypass: async (request) => this.#changes.planBypass(this.#volume(request.volume)),
      planRebase: async (request) => this.#changes.planRebase(request, this.#volume(request.volume)),
      planTrash: async (ids) =>
        this.#files.plan(
          ids.map((id) => this.#volume(id)),
          this.volumes,
        ),
      checkBase: async () => ({ kind: 'plausible', doubts: ['name'] }),
      planMove: async () => ({ told: [], untold: [], copies: false, allocatedSize: 0, free: 0, command: [] }),
      trash: async () => this.#files.list(),
      undoOffer: async (id) => this.#changes.undoOffer(this.#volume(id)) ?? null,
      keepChange: async (id) => this.#changes.keep(this.#volume(id)),
      undo: async (id) => this.#touch(this.#changes.undo(this.#volume(id))),
      ...this.#locks.answers((id) => this.#volume(id)),
      startJob: async (request) => this.#start(request),
      cancelJob: async (id) =>
        this.#update(id, (job) => ({ ...job, state: { kind: 'cancelled' }, endedAt: Date.now() })),
      dismissJob: async (id) => {
        this.#jobs.splice(
          this.#jobs.findIndex((job) => job.id === id),
          1,
        )
        this.emit('jobDismissed', id)
      },
      pauseJob: async () => undefined,
      continueJob: async () => undefined,
      retryJob: async (id) => id,
      resumeJob: async () => undefined,
      discardJob: async () => undefined,
      activity: async () =>
        this.#jobs.filter((job) => job.endedAt !== undefined).toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0)),
      rescan: async () => undefined,
      overview: async () => ({
        places: this.#places,
        volumeCount: this.volumes.length,
        jobs: this.#jobs,
        settings: this.#settings,
        problems: [],
        platform: 'linux',
      }),
      volumes: async (start) => this.volumes.slice(start, start + PAGE),
      chooseFolder: async () => this.#folder('f9'),
      chooseFiles: async () => (this.#options.chosenFiles ?? []).map((name) => this.#grant(name)),
      folder: async (id) => this.#folder(id),
      folderOf: async (id) => this.#folder(this.#volume(id).place),
      addToLibrary: async () => {
        this.#places = fakePlaces(this.volumes)
        this.emit('places', this.#places)
      },
      removePlace: async (id) => {
        this.#places = this.#places.filter((place) => place.id !== id)
        this.emit('places', this.#places)
        this.emit(
          'volumesRemoved',
          this.volumes.filter((volume) => volume.place === id).map((volume) => volume.id),
        )
      },
      allowOutside: async () => true,
      showInFolder: async () => undefined,
      copyText: async (text) => {
        this.copied.push(text)
      },
      saveSettings: async (change) => {
        this.#settings = { ...this.#settings, ...change }
        return this.#settings
      },
    }
  }

  #volume(id: string): Volume {
    const volume = this.volumes.find((one) => one.id === id)
    if (!volume) throw new SpindleError('not-found', 'That file is not there any more. Look for volumes again.')
    return volume
  }

  #folder(id: string): Folder {
    const place = PLACES.find((one) => one.id === id)
    if (!place) return { id, label: '/mnt/archive', space: { total: 4e12, free: 2.9e12 } }
    return { id, label: place.label, space: { total: place.total, free: place.free } }
  }

  #grant(name: string): Granted {
    if (!/\.(?:raw|img|qcow2)$/.test(name))
      return {
        kind: 'refused',
        name,
        error: { code: 'unsupported', message: `${name} is no disk image Spindle can read. It was not changed.` },
      }
    const volume = this.volumes.find((one) => one.name.endsWith('old-exchange.raw')) ?? fakeVolumes(12, Date.now())[11]
    if (!volume) throw new SpindleError('not-found', 'There is no volume to stand for the file.')
    const id = `d-${name}`
    if (!this.volumes.some((one) => one.id === id)) this.volumes.push({ ...volume, id, name })
    return { kind: 'volume', id, name, folder: this.#folder('f1'), facts: facts({ ...volume, name }) }
  }

  #inspect(volume: Volume): readonly ImageFacts[] {
    const parent = this.volumes.find((one) => one.name === volume.backing)
    const snapshots = this.#changes.snapshots(volume)
    return [facts(volume, parent?.path, snapshots), ...(parent ? this.#inspect(parent) : [])]
  }

  #predict(request: CreateRequest): SizePrediction {
    if (request.name.includes('/')) throw new SpindleError('invalid-argument', 'A name cannot contain “/”.')
    const base = this.volumes.find((one) => one.id === request.backing)
    const size = request.virtualSize ?? base?.virtualSize ?? 0
    const metadata = request.format === 'raw' ? 0 : Math.ceil(size / 8192) + 192 * KiB
    const most = size + metadata
    switch (request.options['preallocation']) {
      case 'metadata':
        return { now: metadata, atMost: most }
      case 'falloc':
      case 'full':
        return { now: most, atMost: most }
      default:
        return { now: request.format === 'raw' ? 0 : 196 * KiB, atMost: most }
    }
  }

  #plan(request: ConvertRequest): ConvertPlan {
    const source = this.#volume(request.source)
    if (source.error?.code === 'invalid-image') throw SpindleError.fromData(source.error)
    const parent = this.volumes.find((one) => one.name === source.backing)
    const reads = source.allocatedSize + (parent?.allocatedSize ?? 0)
    return {
      sourceFormat: source.format ?? 'raw',
      virtualSize: source.virtualSize ?? 0,
      reads,
      writes: request.compress ? reads * 0.57 : reads,
      exact: !request.compress,
      changes: [
        ...(source.snapshotCount > 0 ? [{ kind: 'snapshots-dropped', count: source.snapshotCount } as const] : []),
        ...(parent ? [{ kind: 'backing-merged', names: [parent.name], bytes: parent.allocatedSize } as const] : []),
        ...(request.compress ? [{ kind: 'compressed', codec: 'zstd' } as const] : []),
        { kind: 'kept', virtualSize: source.virtualSize ?? 0 },
      ],
      free: this.#folder(request.folder).space?.free ?? 0,
      targetExists: this.volumes.some((one) => one.name === request.name),
      command: [
        'spindle',
        'convert',
        ...(request.compress ? ['-c'] : []),
        '-O',
        request.format,
        source.path,
        `${this.#folder(request.folder).label}/${request.name}`,
      ],
    }
  }

  #start(request: JobRequest): string {
    this.started.push(request)
    this.#lastJob += 1
    const id = `j${this.#lastJob}`
    if (request.kind === 'create' || request.kind === 'convert') this.#startNew(id, request)
    else if (isAboutFiles(request)) this.#startFiles(id, request)
    else this.#startChange(id, request)
    return id
  }

  /** Something done to volumes that are there: it ends at once. */
  #startFiles(id: string, request: FileRequest): void {
    const [now, count] = [Date.now(), 'items' in request ? request.items.length : undefined]
    const volumes = 'volumes' in request ? request.volumes : 'volume' in request ? [request.volume] : []
    const target = volumes.map((volume) => this.#volume(volume).name)[0] ?? ''
    const job: JobView = {
      id,
      kind: request.kind,
      target,
      count: count ?? volumes.length,
      state: { kind: 'queued' },
      queuedAt: now,
    }
    this.#jobs.push(job)
    this.emit('job', job)
    setTimeout(() => {
      const { result, put, removed, trashed } = this.#files.run(request, (volume) => this.#volume(volume))
      const gone = new Set(removed)
      this.volumes.splice(0, this.volumes.length, ...this.volumes.filter((one) => !gone.has(one.id)), ...put)
      const done = { state: { kind: 'succeeded', result }, startedAt: now, endedAt: Date.now() } as const
      const [made] = put
      this.#update(id, (before) => ({
        ...before,
        ...done,
        ...(trashed && { trashed }),
        ...(made && { volume: made.id }),
      }))
      this.emit('volumesRemoved', removed)
      this.emit('volumes', put)
    }, 20)
  }

  #startChange(id: string, request: ChangeRequest): void {
    const volume = this.#volume(request.kind === 'compare' ? request.left : request.volume)
    const now = Date.now()
    const job: JobView = {
      id,
      kind: request.kind,
      target: request.kind === 'compare' ? this.#volume(request.right).name : volume.name,
      ...(request.kind === 'compare' ? { source: volume.name } : { volume: volume.id }),
      state: { kind: 'queued' },
      queuedAt: now,
    }
    this.#jobs.push(job)
    this.emit('job', job)
    setTimeout(() => {
      const { result, changed } = this.#changes.run(request, volume)
      this.#update(id, (before) => ({
        ...before,
        state: { kind: 'succeeded', result },
        startedAt: now,
        endedAt: Date.now(),
      }))
      if (changed) this.#touch(changed)
    }, 20)
  }

  #touch(changed: Volume): void {
    const index = this.volumes.findIndex((one) => one.id === changed.id)
    this.volumes[index] = { ...changed, modifiedAt: Date.now() }
    this.emit('volumes', this.volumes.slice(index, index + 1))
  }

  #startNew(id: string, request: ConvertRequest | CreateRequest): void {
    const now = Date.now()
    const taken = this.volumes.some((one) => one.name === request.name) && request.overwrite !== true
    const job: JobView = {
      id,
      kind: request.kind,
      target: request.name,
      format: request.format,
      state: { kind: 'queued' },
      queuedAt: now,
      ...(request.kind === 'convert' ? { source: this.#volume(request.source).name } : {}),
    }
    this.#jobs.push(job)
    this.emit('job', job)
    setTimeout(() => this.#run(id, request, taken), 20)
  }

  #run(id: string, request: ConvertRequest | CreateRequest, taken: boolean): void {
    const now = Date.now()
    if (taken) {
      const message = `${request.name} is there already. It was not changed. Choose another name, or replace it.`
      this.#update(id, (job) => ({
        ...job,
        state: { kind: 'failed', error: { code: 'exists', message } },
        endedAt: now,
      }))
    } else if (request.kind === 'create') {
      const result = { kind: 'create', path: request.name, warnings: [] } as const
      this.#update(id, (job) => ({ ...job, state: { kind: 'succeeded', result }, startedAt: now, endedAt: now }))
    } else {
      const progress = { phase: 'copy', done: 0, total: this.#volume(request.source).allocatedSize } as const
      this.#update(id, (job) => ({ ...job, state: { kind: 'running', progress, cancellable: true }, startedAt: now }))
    }
  }

  #update(id: string, change: (job: JobView) => JobView): void {
    const index = this.#jobs.findIndex((job) => job.id === id)
    const job = this.#jobs[index]
    if (!job) return
    this.#jobs[index] = change(job)
    this.emit('job', change(job))
  }
}

function isAboutFiles(request: JobRequest): request is FileRequest {
  return ['move', 'copy', 'trash', 'restore', 'empty-trash'].includes(request.kind)
}

async function reply<T>(work: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (thrown) {
    return { ok: false, error: errorData(thrown) }
  }
}
