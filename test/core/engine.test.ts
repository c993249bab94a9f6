// The engine as the window uses it: jobs by id, events in order, and a clean end.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createEngine } from '../../core/index.ts'
import type { Engine, EngineEvents } from '../../core/model/engine.ts'
import type { Job } from '../../core/model/job.ts'
import { MiB } from '../../core/model/units.ts'
import { convertJob } from '../helpers/run-operation.ts'
import { sampleDisk } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'

interface Told {
  readonly engine: Engine
  readonly events: readonly { readonly name: keyof EngineEvents; readonly value: unknown }[]
  /** The first job event from now on that fits. */
  readonly job: (fits: (job: Job) => boolean) => Promise<Job>
}

function open(): Told {
  const events: { name: keyof EngineEvents; value: unknown }[] = []
  const waiting = new Set<(job: Job) => void>()
  const engine = createEngine({
    emit(name, value) {
      events.push({ name, value })
      if (name === 'job') for (const one of waiting) one(value as Job)
    },
  })
  onTestFinished(async () => engine.close())
  const job = async (fits: (job: Job) => boolean): Promise<Job> => {
    const { promise, resolve } = Promise.withResolvers<Job>()
    const listen = (value: Job): void => {
      if (fits(value)) resolve(value)
    }
    waiting.add(listen)
    return promise.finally(() => waiting.delete(listen))
  }
  return { engine, events, job }
}

const ended = (job: Job): boolean => ['succeeded', 'failed', 'cancelled'].includes(job.state.kind)

test('formats come with what a dialog needs to know of them', async () => {
  const formats = await open().engine.formats()
  const known = formats.map(({ format, extensions }) => [format, extensions[0]])
  expect(known).toContainEqual(['qcow2', 'qcow2'])
  // What takes anything is asked last.
  expect(known.at(-1)).toEqual(['raw', 'img'])
  // They cross to another thread.
  expect(structuredClone(formats)).toEqual(formats)
})

test('a commit below an image that the library shows in another folder is refused', async () => {
  const [near, far] = [scratchFolder(), scratchFolder()]
  const { engine, job } = open()
  const overlay = async (target: string, base: string): Promise<void> => {
    const end = job(ended)
    const backing = { path: base, format: 'raw' } as const
    await engine.startJob({ kind: 'create', target, format: 'qcow2', virtualSize: MiB, options: {}, backing })
    await end
  }
  const base = join(near, 'base.img')
  sampleDisk(base)
  await overlay(join(near, 'top.qcow2'), base)
  await overlay(join(far, 'sibling.qcow2'), base)
  await engine.setPlaces([near, far])
  await engine.rescan()
  const end = job(({ spec, state }) => spec.kind === 'commit' && state.kind === 'failed')
  const commit = { kind: 'commit', path: join(near, 'top.qcow2'), keepTop: false, allowOthers: false } as const
  await engine.startJob(commit)
  const { state } = await end
  expect(state.kind === 'failed' && state.error.message).toContain(join(far, 'sibling.qcow2'))
  expect((await engine.planCommit(commit)).others).toEqual([join(far, 'sibling.qcow2')])
})

test('a conversion runs as a job from the queue to its result', async () => {
  const folder = scratchFolder()
  sampleDisk(join(folder, 'disk.img'))
  const { engine, job } = open()
  const end = job(ended)
  const id = await engine.startJob(convertJob(join(folder, 'disk.img'), join(folder, 'new.qcow2'), { verify: true }))
  const last = await end
  expect(last).toMatchObject({ id, state: { kind: 'succeeded', result: { kind: 'convert', verified: true } } })
  expect(await engine.jobs()).toEqual([last])
  await engine.dismissJob(id)
  expect(await engine.jobs()).toEqual([])
  const [facts] = await engine.inspect(join(folder, 'new.qcow2'))
  expect(facts).toMatchObject({ format: 'qcow2', virtualSize: 24 * MiB })
  const strip = await engine.allocation(join(folder, 'new.qcow2'), 10)
  expect(strip.cells).toHaveLength(10)
  const { free, total } = await engine.space(folder)
  expect(free).toBeLessThanOrEqual(total)
})

test('a job that fails keeps the error with its code, and the next one runs', async () => {
  const folder = scratchFolder()
  sampleDisk(join(folder, 'disk.img'))
  writeFileSync(join(folder, 'taken'), '')
  const { engine, job } = open()
  const failure = job((one) => one.state.kind === 'failed')
  const success = job((one) => one.state.kind === 'succeeded')
  await engine.startJob(convertJob(join(folder, 'disk.img'), join(folder, 'taken')))
  await engine.startJob(convertJob(join(folder, 'disk.img'), join(folder, 'new')))
  const { state } = await failure
  expect(state).toMatchObject({ error: { code: 'exists', path: join(folder, 'taken'), operation: 'convert' } })
  await success
})

test('closing stops what runs and leaves no file of it', async () => {
  const folder = scratchFolder()
  sampleDisk(join(folder, 'disk.img'))
  const { engine, events, job } = open()
  const begun = job((one) => one.state.kind === 'running')
  await engine.startJob(convertJob(join(folder, 'disk.img'), join(folder, 'new'), { compress: true }))
  await begun
  await engine.close()
  expect(readdirSync(folder)).toEqual(['disk.img'])
  const states = events.map(({ value }) => (value as Job).state.kind)
  expect(states.at(-1)).toBe('cancelled')
})

test('places are told as events, and a new volume appears by itself', async () => {
  const folder = scratchFolder()
  const { engine, events, job } = open()
  await engine.setPlaces([folder])
  const end = job(ended)
  await engine.startJob({
    kind: 'create',
    target: join(folder, 'new.qcow2'),
    format: 'qcow2',
    virtualSize: MiB,
    options: {},
  })
  await end
  await engine.rescan()
  const volumes = events.flatMap(({ name, value }) =>
    name === 'library' && (value as EngineEvents['library']).kind === 'volumes' ? [value] : [],
  )
  expect(JSON.stringify(volumes)).toContain('new.qcow2')
  expect(JSON.stringify(volumes)).not.toContain('partial')
})
