// What main keeps of the engine's library and jobs, for a page that asks in pages and listens in between.

import { expect, test } from 'vitest'
import type { EventMessage } from '../../electron/contract/messages.ts'
import type { Volume } from '../../electron/contract/data.ts'
import { Grants } from '../../electron/main/grants.ts'
import { JobMirror } from '../../electron/main/job-mirror.ts'
import { LibraryMirror, ROWS_AT_ONCE, type EmitToPage } from '../../electron/main/library-mirror.ts'
import type { Job, JobState } from '../../core/model/index.ts'
import { volumeFacts } from './fake-engine.ts'

function listen() {
  const told: EventMessage[] = []
  const emit: EmitToPage = (name, value) => void told.push({ name, value } as EventMessage)
  return { told, emit }
}

function openLibrary() {
  const { told, emit } = listen()
  const grants = new Grants()
  const library = new LibraryMirror(grants, emit)
  library.receive({
    kind: 'places',
    places: [{ path: '/vms', kind: 'folder', state: 'watching', volumeCount: 0 }],
  })
  return { told, grants, library }
}

const paths = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `/vms/${index}.img`)

/** As the page does it: it mirrors events, and asks for rows until it has them all. */
class Page {
  readonly rows = new Map<string, Volume>()
  #heard = 0

  hear(told: readonly EventMessage[]): void {
    for (const { name, value } of told.slice(this.#heard)) {
      if (name === 'volumes') for (const volume of value) this.rows.set(volume.id, volume)
      if (name === 'volumesRemoved') for (const id of value) this.rows.delete(id)
    }
    this.#heard = told.length
  }
}

test('rows come with ids, and in events of at most a hundred', () => {
  const { told, library } = openLibrary()
  library.receive({ kind: 'volumes', volumes: paths(250).map((path) => volumeFacts(path, '/vms')) })
  library.receive({ kind: 'removed', paths: paths(150) })
  const sizes = told.flatMap(({ name, value }) =>
    name === 'volumes' || name === 'volumesRemoved' ? [value.length] : [],
  )
  expect(Math.max(...sizes)).toBe(ROWS_AT_ONCE)
  expect(library.volumeCount).toBe(100)
  expect(library.volumes(0)).toHaveLength(100)
  expect(library.volumes(100)).toEqual([])
})

test('a page that asks for rows while others go away misses none', () => {
  const { told, library } = openLibrary()
  library.receive({ kind: 'volumes', volumes: paths(1000).map((path) => volumeFacts(path, '/vms')) })
  told.length = 0
  const page = new Page()
  for (let start = 0; start < library.volumeCount;) {
    const part = library.volumes(start)
    for (const volume of part) page.rows.set(volume.id, volume)
    start += part.length
    library.receive({ kind: 'removed', paths: paths(1000).slice(start - 30, start - 10) })
    page.hear(told)
  }
  const there = new Set(
    Array.from({ length: 10 }, (_, index) => library.volumes(index * 100))
      .flat()
      .map(({ id }) => id),
  )
  expect(there.size).toBe(library.volumeCount)
  expect([...page.rows.keys()].filter((id) => !there.has(id))).toEqual([])
  expect([...there].filter((id) => !page.rows.has(id))).toEqual([])
})

test('a changed row keeps its id; a removed one loses it', () => {
  const { library, grants } = openLibrary()
  library.receive({ kind: 'volumes', volumes: [volumeFacts('/vms/a.img', '/vms')] })
  const [before] = library.volumes(0)
  library.receive({ kind: 'volumes', volumes: [{ ...volumeFacts('/vms/a.img', '/vms'), fileSize: 9 }] })
  expect(library.volumes(0)).toEqual([{ ...before, fileSize: 9 }])
  library.receive({ kind: 'removed', paths: ['/vms/a.img', '/vms/unknown.img'] })
  expect(() => grants.volumePath(before?.id ?? '')).toThrow('does not know')
})

test('with a new engine every row is told anew', () => {
  const { told, library } = openLibrary()
  library.receive({ kind: 'volumes', volumes: paths(120).map((path) => volumeFacts(path, '/vms')) })
  const page = new Page()
  page.hear(told)
  expect(page.rows.size).toBe(120)
  library.clear()
  page.hear(told)
  expect(page.rows.size).toBe(0)
  expect(library.volumeCount).toBe(0)
})

const RUNNING: JobState = { kind: 'running', cancellable: true, progress: { phase: 'copy', done: 1, total: 2 } }

function job(id: string, state: JobState): Job {
  const spec = {
    kind: 'convert',
    source: '/vms/a.vmdk',
    target: '/vms/a.qcow2',
    format: 'qcow2',
    options: {},
    compress: false,
    verify: true,
  } as const
  return { id, spec, state, queuedAt: 1 }
}

test('a job is shown by the names of its files, and leads to its new volume', () => {
  const { told, emit } = listen()
  const grants = new Grants()
  const jobs = new JobMirror(grants, emit)
  jobs.receive(job('1', RUNNING))
  const result = { kind: 'convert', path: '/vms/a.qcow2', allocatedSize: 1, verified: true, warnings: [] } as const
  jobs.receive(job('1', { kind: 'succeeded', result }))
  expect(told.map(({ name }) => name)).toEqual(['job', 'job'])
  const [view] = jobs.list()
  expect(view).toMatchObject({ kind: 'convert', source: 'a.vmdk', target: 'a.qcow2', format: 'qcow2' })
  expect(grants.volumePath(view?.volume ?? '')).toBe('/vms/a.qcow2')
})

test('a job that changes a volume leads to that volume from its start', () => {
  const { emit } = listen()
  const grants = new Grants()
  const jobs = new JobMirror(grants, emit)
  jobs.receive({ id: '1', spec: { kind: 'check', path: '/vms/a.qcow2' }, state: RUNNING, queuedAt: 1 })
  const [view] = jobs.list()
  expect(view).toMatchObject({ kind: 'check', target: 'a.qcow2' })
  expect(grants.volumePath(view?.volume ?? '')).toBe('/vms/a.qcow2')
})

test('jobs of an engine that died have failed and can be dismissed', () => {
  const { told, emit } = listen()
  const jobs = new JobMirror(new Grants(), emit)
  const error = { code: 'internal', message: 'The engine stopped.' } as const
  jobs.receive(job('1', RUNNING))
  jobs.engineDied(error)
  expect(jobs.list()).toMatchObject([{ id: '1', state: { kind: 'failed', error } }])
  expect(jobs.unfinished()).toEqual([])
  jobs.receive(job('2', RUNNING))
  expect([jobs.isLost('1'), jobs.isLost('2')]).toEqual([true, false])
  jobs.forgetLost('1')
  expect(told.at(-1)).toEqual({ name: 'jobDismissed', value: '1' })
  expect(() => jobs.isLost('1')).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('a job that the next engine knows of is interrupted, not failed', () => {
  const { emit } = listen()
  const jobs = new JobMirror(new Grants(), emit)
  jobs.receive(job('1', RUNNING))
  jobs.engineDied({ code: 'internal', message: 'The engine stopped.' })
  jobs.receive(job('1', { kind: 'interrupted', begun: true, finished: false }))
  expect(jobs.list()).toMatchObject([{ id: '1', state: { kind: 'interrupted' } }])
  expect(jobs.isLost('1')).toBe(false)
  expect(jobs.unfinished()).toEqual([])
})
