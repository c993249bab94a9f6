// The queue as its users see it: the jobs it tells of, in order.

import { expect, test } from 'vitest'
import type { OperationContext } from '../../../core/jobs/operation.ts'
import { JobQueue } from '../../../core/jobs/queue.ts'
import { mayRun } from '../../../core/jobs/turns.ts'
import { SpindleError } from '../../../core/model/error.ts'
import type { Job, JobResult, JobSpec } from '../../../core/model/job.ts'
import { MiB } from '../../../core/model/units.ts'
import { ManualClock } from '../../helpers/manual-clock.ts'

const result: JobResult = { kind: 'create', path: '/disk.img', warnings: [] }
const create = (target: string): JobSpec => ({ kind: 'create', target, format: 'raw', virtualSize: 1, options: {} })

/** A job under the test's control. */
interface Run {
  readonly spec: JobSpec
  readonly context: OperationContext
  succeed(): void
  fail(error: unknown): void
}

function harness(concurrency?: number) {
  const clock = new ManualClock()
  const told: Job[] = []
  const dismissed: string[] = []
  const runs: Run[] = []
  const queue = new JobQueue({
    clock,
    ...(concurrency !== undefined && { concurrency }),
    changed: (job) => told.push(job),
    dismissed: (id) => dismissed.push(id),
    run: async (spec, context) => {
      const { promise, resolve, reject } = Promise.withResolvers<JobResult>()
      runs.push({ spec, context, succeed: () => resolve(result), fail: reject })
      return promise
    },
  })
  const last = (id: string): Job | undefined => told.findLast((job) => job.id === id)
  return { clock, told, dismissed, runs, queue, last, settle }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

test('a job is queued, runs and succeeds, with the times of each', async () => {
  const { clock, told, runs, queue, last, settle } = harness()
  const id = queue.start(create('/a'))
  clock.advance(250)
  runs[0]?.succeed()
  await settle()
  expect(told.map((job) => job.state.kind)).toEqual(['queued', 'running', 'succeeded'])
  expect(last(id)).toMatchObject({ state: { result }, queuedAt: 1_000_000, startedAt: 1_000_000, endedAt: 1_000_250 })
})

test('the second job waits for the first', async () => {
  const { runs, queue, last, settle } = harness()
  queue.start(create('/a'))
  const second = queue.start(create('/b'))
  expect(runs).toHaveLength(1)
  expect(last(second)?.state.kind).toBe('queued')
  runs[0]?.succeed()
  await settle()
  expect(runs[1]?.spec).toEqual(create('/b'))
})

test('with room for two, two run at once and the third waits', () => {
  const { runs, queue } = harness(2)
  for (const name of ['/a', '/b', '/c']) queue.start(create(name))
  expect(runs.map((run) => run.spec)).toEqual([create('/a'), create('/b')])
})

test('a failed job keeps its error, its kind and the next one’s turn', async () => {
  const { runs, queue, last, settle } = harness()
  const id = queue.start(create('/a'))
  queue.start(create('/b'))
  runs[0]?.fail(new SpindleError('no-space', 'The disk is full.', { path: '/a' }))
  await settle()
  const error = { code: 'no-space', message: 'The disk is full.', path: '/a', operation: 'create' }
  expect(last(id)?.state).toEqual({ kind: 'failed', error })
  expect(runs).toHaveLength(2)
})

test('a fault of ours is told as one, without a stack', async () => {
  const { runs, queue, last, settle } = harness()
  const id = queue.start(create('/a'))
  runs[0]?.fail(new TypeError('x is not a function'))
  await settle()
  expect(last(id)?.state).toMatchObject({
    error: { code: 'internal', message: 'Spindle made a mistake: x is not a function' },
  })
})

test('cancelling a running job passes through cancelling and ends as cancelled', async () => {
  const { told, runs, queue, settle } = harness()
  const id = queue.start(create('/a'))
  queue.cancel(id)
  expect(runs[0]?.context.signal.aborted).toBe(true)
  runs[0]?.context.progress({ phase: 'copy', done: 5, total: 10 })
  runs[0]?.fail(new SpindleError('cancelled', 'Cancelled.'))
  await settle()
  expect(told.map((job) => job.state.kind)).toEqual(['queued', 'running', 'cancelling', 'cancelled'])
})

test('a job cancelled in the queue never runs', async () => {
  const { runs, queue, last, settle } = harness()
  queue.start(create('/a'))
  const second = queue.start(create('/b'))
  queue.cancel(second)
  expect(last(second)?.state).toEqual({ kind: 'cancelled' })
  runs[0]?.succeed()
  await settle()
  expect(runs).toHaveLength(1)
})

test('past the point of no return a job can no longer be cancelled and says so', async () => {
  const { runs, queue, last, settle } = harness()
  const id = queue.start(create('/a'))
  runs[0]?.context.pointOfNoReturn()
  expect(last(id)?.state).toMatchObject({ kind: 'running', cancellable: false })
  queue.cancel(id)
  expect(runs[0]?.context.signal.aborted).toBe(false)
  runs[0]?.succeed()
  await settle()
  expect(last(id)?.state.kind).toBe('succeeded')
})

test('a thousand reports in a second are told as ten, and the last one is never lost', () => {
  const { clock, told, runs, queue, last } = harness()
  const id = queue.start(create('/a'))
  const before = told.length
  for (let done = 1; done <= 1000; done += 1) {
    clock.advance(1)
    runs[0]?.context.progress({ phase: 'copy', done, total: 1000 })
  }
  expect(told.length - before).toBe(10)
  runs[0]?.context.progress({ phase: 'verify', done: 1, total: 1000 })
  clock.advance(100)
  expect(last(id)?.state).toMatchObject({ progress: { phase: 'verify', done: 1 } })
})

test('the rate appears after a moment and follows a change of speed within seconds', () => {
  const { clock, runs, queue, last } = harness()
  const id = queue.start(create('/a'))
  let done = 0
  const run = (seconds: number, bytesPerSecond: number): number | undefined => {
    for (let step = 0; step < seconds * 10; step += 1) {
      clock.advance(100)
      done += bytesPerSecond / 10
      runs[0]?.context.progress({ phase: 'copy', done, total: 1e12 })
    }
    const state = last(id)?.state
    return state?.kind === 'running' ? state.rate : undefined
  }
  expect(run(0.2, 100 * MiB)).toBeUndefined()
  expect(run(3, 100 * MiB)).toBeCloseTo(100 * MiB, -6)
  expect(run(15, 10 * MiB)).toBeLessThan(20 * MiB)
})

test('a new phase starts with an unknown rate', () => {
  const { clock, runs, queue, last } = harness()
  const id = queue.start(create('/a'))
  for (let step = 1; step <= 20; step += 1) {
    clock.advance(100)
    runs[0]?.context.progress({ phase: 'copy', done: step * MiB, total: 100 * MiB })
  }
  clock.advance(100)
  runs[0]?.context.progress({ phase: 'verify', done: 0, total: 100 * MiB })
  expect(last(id)?.state).not.toHaveProperty('rate')
})

test('an ended job is forgotten when it is dismissed, a running one is not', async () => {
  const { runs, queue, dismissed, settle } = harness()
  const id = queue.start(create('/a'))
  expect(() => queue.dismiss(id)).toThrow('This job has not ended yet')
  runs[0]?.succeed()
  await settle()
  queue.dismiss(id)
  expect(queue.jobs()).toEqual([])
  expect(dismissed).toEqual([id])
  expect(() => queue.cancel(id)).toThrow('no such job')
})

test('a paused job stands still at its next step, keeps its place, and leaves the disk to the next one', async () => {
  const { runs, queue, last, settle } = harness()
  const first = queue.start(create('/a'))
  const second = queue.start(create('/b'))
  queue.pause(first)
  expect(last(first)?.state).toMatchObject({ kind: 'running', paused: true })
  expect(last(second)?.state.kind).toBe('running')
  let steps = 0
  const stepping = (async () => {
    await runs[0]?.context.held?.()
    steps += 1
  })()
  await settle()
  expect(steps).toBe(0)
  queue.continue(first)
  await stepping
  expect(steps).toBe(1)
  expect(last(first)?.state).not.toHaveProperty('paused')
  expect(last(first)?.events?.map(({ kind }) => kind)).toEqual(['asked', 'begun', 'paused', 'continued'])
})

test('a paused job can be cancelled', async () => {
  const { runs, queue, last, settle } = harness()
  const id = queue.start(create('/a'))
  queue.pause(id)
  const held = runs[0]?.context.held?.()
  queue.cancel(id)
  await held
  expect(runs[0]?.context.signal.aborted).toBe(true)
  runs[0]?.fail(new SpindleError('cancelled', 'Cancelled.'))
  await settle()
  expect(last(id)?.state.kind).toBe('cancelled')
})

test('a failed job is tried again in its place', async () => {
  const { runs, queue, dismissed, last, settle } = harness()
  const id = queue.start(create('/a'))
  expect(() => queue.retry(id)).toThrow('Only a job that failed')
  runs[0]?.fail(new SpindleError('no-space', 'The disk is full.'))
  await settle()
  const again = queue.retry(id)
  expect(dismissed).toEqual([id])
  expect(last(again)).toMatchObject({ spec: create('/a'), state: { kind: 'running' } })
})

function demand(file: string, ...disks: readonly string[]) {
  return { files: [file], disks }
}

test('jobs on two disks run side by side, those on one do not, and no two jobs work on one file', () => {
  const running = [{ demand: demand('/a', 'sda'), paused: false }]
  expect(mayRun(demand('/b', 'sdb'), running, 1)).toBe(true)
  expect(mayRun(demand('/b', 'sda'), running, 1)).toBe(false)
  expect(mayRun(demand('/b', 'sdb', 'sda'), running, 1)).toBe(false)
  expect(mayRun(demand('/b'), running, 1)).toBe(true)
  expect(mayRun(demand('/a'), running, 1)).toBe(false)
  const standing = [{ demand: demand('/a', 'sda'), paused: true }]
  expect(mayRun(demand('/b', 'sda'), standing, 1)).toBe(true)
  expect(mayRun(demand('/a'), standing, 1)).toBe(false)
})

test('closing cancels everything and waits for what runs', async () => {
  const { runs, queue, last } = harness()
  const first = queue.start(create('/a'))
  const second = queue.start(create('/b'))
  const closed = queue.close()
  expect(last(second)?.state.kind).toBe('cancelled')
  runs[0]?.fail(new SpindleError('cancelled', 'Cancelled.'))
  await closed
  expect(last(first)?.state.kind).toBe('cancelled')
  expect(runs).toHaveLength(1)
})
