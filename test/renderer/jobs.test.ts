// Time left, pace and words of jobs.

import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JobView } from '../../electron/contract/data.ts'
import { MiB } from '../../core/model/index.ts'
import { jobTitle, outcomeText, timeLeftText } from '../../renderer/state/job-text.ts'
import { fraction, isCancellable, newestUnderWay, putJob, removeJob, useJobs } from '../../renderer/state/jobs.ts'
import { secondsLeft } from '../../renderer/state/time-left.ts'
import type { Sample } from '../../renderer/state/time-left.ts'
import { durationText } from '../../renderer/state/text.ts'
import { speakEnglish } from './english.ts'

beforeAll(speakEnglish)
beforeEach(() => useJobs.setState({ jobs: [], traces: new Map(), convertPace: undefined }))

function running(id: string, done: number, phase: 'copy' | 'verify' = 'copy'): JobView {
  const progress = { phase, done, total: 1000 * MiB }
  const state = { kind: 'running', progress, rate: 10 * MiB, cancellable: true } as const
  return { id, kind: 'convert', source: 'a.raw', target: 'a.qcow2', format: 'qcow2', state, queuedAt: 0, startedAt: 0 }
}

/** A sample a second. */
function steady(seconds: number, pace: number): Sample[] {
  return Array.from({ length: seconds + 1 }, (_, second) => ({ at: second * 1000, done: second * pace }))
}

describe('time left', () => {
  test('is not said in the first five seconds', () => {
    expect(secondsLeft(steady(4, 10), 100)).toBeUndefined()
    expect(secondsLeft([], 100)).toBeUndefined()
  })

  test('is what remains at the steady pace', () => {
    expect(secondsLeft(steady(6, 10), 100)).toBeCloseTo(4)
    expect(secondsLeft(steady(6, 10), 60)).toBe(0)
  })

  test('is not said while the pace jumps about, or nothing moves', () => {
    const jumpy = [...steady(5, 10), { at: 6000, done: 200 }, { at: 7000, done: 400 }, { at: 8000, done: 600 }]
    expect(secondsLeft(jumpy, 1000)).toBeUndefined()
    expect(secondsLeft(steady(8, 0), 1000)).toBeUndefined()
  })

  test('is said in coarse steps, so that it does not flicker', () => {
    expect([2, 12, 44, 61, 150, 3700].map(durationText)).toEqual(['5 s', '15 s', '45 s', '1 min', '3 min', '1 h 2 min'])
  })

  test('starts anew with each phase', () => {
    for (let second = 0; second <= 6; second++) putJob(running('1', second * 10 * MiB), second * 1000)
    const known = useJobs.getState()
    expect(timeLeftText(running('1', 60 * MiB), known.traces.get('1'))).toBe('2 min left')
    putJob(running('1', 0, 'verify'), 7000)
    const { traces } = useJobs.getState()
    expect(traces.get('1')?.phases).toEqual(['copy', 'verify'])
    expect(timeLeftText(running('1', 0, 'verify'), traces.get('1'))).toBeUndefined()
  })
})

describe('the list of jobs', () => {
  test('shows the newest running job and forgets dismissed ones', () => {
    putJob(running('1', 0))
    putJob({ ...running('2', 0), state: { kind: 'queued' } })
    expect(newestUnderWay(useJobs.getState().jobs)?.id).toBe('1')
    putJob(running('2', 0))
    expect(newestUnderWay(useJobs.getState().jobs)?.id).toBe('2')
    removeJob('2')
    expect(useJobs.getState().jobs.map((job) => job.id)).toEqual(['1'])
    expect(useJobs.getState().traces.has('2')).toBe(false)
  })

  test('a job past its point of no return offers no cancelling', () => {
    const job = running('1', 0)
    expect(isCancellable(job)).toBe(true)
    expect(isCancellable({ ...job, state: { ...job.state, cancellable: false } as JobView['state'] })).toBe(false)
  })

  test('no part is claimed while the total is unknown', () => {
    const progress = { phase: 'prepare', done: 0, total: 0 } as const
    expect(fraction({ ...running('1', 0), state: { kind: 'running', progress, cancellable: true } })).toBeUndefined()
    expect(fraction(running('1', 500 * MiB))).toBe(0.5)
  })

  test('a finished conversion gives the pace that later estimates go by', () => {
    putJob(running('1', 900 * MiB))
    const result = { kind: 'convert', path: '/a', allocatedSize: 1, verified: true, warnings: [] } as const
    putJob({ ...running('1', 0), state: { kind: 'succeeded', result }, endedAt: 10_000 })
    expect(useJobs.getState().convertPace).toBe(100 * MiB)
  })
})

describe('a job in words', () => {
  test('says what it does and what came of it', () => {
    const job = running('1', 0)
    expect(jobTitle(job)).toBe('Convert a.raw to QCOW2')
    expect(jobTitle({ ...job, kind: 'create' })).toBe('Create a.qcow2')
    const result = { kind: 'convert', path: '/a', allocatedSize: 3 * MiB, verified: true, warnings: [] } as const
    expect(outcomeText({ ...job, state: { kind: 'succeeded', result } })).toBe('verified, 3 MiB on disk')
    expect(outcomeText({ ...job, state: { kind: 'cancelled' } })).toBe('cancelled')
  })
})
