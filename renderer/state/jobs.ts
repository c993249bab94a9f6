// The jobs as main told them, with the short history their pace is drawn from.

import { create } from 'zustand'
import type { JobRequest, JobView, Volume } from '../../electron/contract/data.ts'
import type { JobId, VolumeId } from '../../electron/contract/ids.ts'
import type { FormatId, Phase } from '../../core/model/index.ts'
import { api } from './api.ts'
import { tell } from './notices.ts'
import type { Sample } from './time-left.ts'

/** What a running job did lately. */
export interface Trace {
  readonly phases: readonly Phase[]
  /** Of the current phase. */
  readonly samples: readonly Sample[]
  /** Bytes a second, oldest first. */
  readonly rates: readonly number[]
}

interface Jobs {
  /** In the order they were asked for. */
  readonly jobs: readonly JobView[]
  readonly traces: ReadonlyMap<JobId, Trace>
  /** Bytes a second of the last whole conversion; what estimates go by. */
  readonly convertPace: number | undefined
}

export const useJobs = create<Jobs>()(() => ({ jobs: [], traces: new Map(), convertPace: undefined }))

const SAMPLE_MS = 500
const KEPT_SAMPLES = 40
const NO_TRACE: Trace = { phases: [], samples: [], rates: [] }

export function putJob(job: JobView, now = Date.now()): void {
  useJobs.setState((state) => {
    const before = state.jobs.find((one) => one.id === job.id)
    const jobs = before ? state.jobs.map((one) => (one.id === job.id ? job : one)) : [...state.jobs, job]
    const traces = new Map(state.traces)
    traces.set(job.id, extended(traces.get(job.id) ?? NO_TRACE, job, now))
    return { jobs, traces, convertPace: measuredPace(before, job) ?? state.convertPace }
  })
}

function extended(trace: Trace, { state }: JobView, now: number): Trace {
  if (state.kind !== 'running') return trace
  if (state.paused) return { ...trace, samples: [] }
  const { phase, done } = state.progress
  const samePhase = trace.phases.at(-1) === phase
  const samples = samePhase ? trace.samples : []
  const last = samples.at(-1)
  if (last && now - last.at < SAMPLE_MS) return trace
  return {
    phases: samePhase ? trace.phases : [...trace.phases, phase],
    samples: [...samples, { at: now, done }].slice(-KEPT_SAMPLES),
    rates: state.rate === undefined ? trace.rates : [...trace.rates, state.rate].slice(-KEPT_SAMPLES),
  }
}

function measuredPace(before: JobView | undefined, job: JobView): number | undefined {
  if (job.kind !== 'convert' || job.state.kind !== 'succeeded' || before?.state.kind !== 'running') return undefined
  const seconds = ((job.endedAt ?? 0) - (job.startedAt ?? 0)) / 1000
  return seconds > 0 && before.state.progress.total > 0 ? before.state.progress.total / seconds : undefined
}

export function removeJob(id: JobId): void {
  useJobs.setState((state) => {
    const traces = new Map(state.traces)
    traces.delete(id)
    return { jobs: state.jobs.filter((job) => job.id !== id), traces }
  })
}

/** Names a volume for a request, in the format it was found in: raw is only ever said, never guessed. */
export function theVolume({ id, format }: Volume): { readonly volume: VolumeId; readonly format?: FormatId } {
  return { volume: id, ...(format !== undefined && { format }) }
}

/** For dialogs that close at once: what goes wrong from here on is told by the job, or as a notice. */
export async function startJobs(requests: readonly JobRequest[]): Promise<void> {
  for (const request of requests) await api.startJob(request)
}

/** Calls `then` once all of these have succeeded; where one does not, that is told by the job, and nothing follows. */
export async function startThen(requests: readonly JobRequest[], then: () => Promise<void>): Promise<void> {
  const ids = await Promise.all(requests.map(async (request) => api.startJob(request)))
  const isDone = (): boolean => {
    const jobs = useJobs.getState().jobs.filter((job) => ids.includes(job.id))
    if (jobs.length < ids.length || !jobs.every(isEnded)) return false
    if (jobs.every((job) => job.state.kind === 'succeeded')) then().catch(tell)
    return true
  }
  if (isDone()) return
  const stop = useJobs.subscribe(() => {
    if (isDone()) stop()
  })
}

export function startChecks(volumes: readonly Volume[]): Promise<void> {
  return startJobs(volumes.map((volume) => ({ kind: 'check', ...theVolume(volume) })))
}

/** The one under way, or waiting, for a volume. */
export function unfinishedJobOf(jobs: readonly JobView[], id: VolumeId): JobView | undefined {
  return jobs.find((job) => job.volume === id && !isEnded(job))
}

export function cancelJob(id: JobId): void {
  api.cancelJob(id).catch(tell)
}

export function dismissJob(id: JobId): void {
  api.dismissJob(id).catch(tell)
}

export function pauseJob(id: JobId): void {
  api.pauseJob(id).catch(tell)
}

export function continueJob(id: JobId): void {
  api.continueJob(id).catch(tell)
}

export function retryJob(id: JobId): void {
  api.retryJob(id).catch(tell)
}

export function resumeJob(id: JobId): void {
  api.resumeJob(id).catch(tell)
}

export function discardJob(id: JobId): void {
  api.discardJob(id).catch(tell)
}

export function isPaused({ state }: JobView): boolean {
  return state.kind === 'running' && state.paused === true
}

export function isInterrupted({ state }: JobView): boolean {
  return state.kind === 'interrupted'
}

export function isUnderWay(job: JobView): boolean {
  return job.state.kind === 'running' || job.state.kind === 'cancelling'
}

export function isEnded(job: JobView): boolean {
  return job.state.kind === 'succeeded' || job.state.kind === 'failed' || job.state.kind === 'cancelled'
}

/** The one the job bar shows. */
export function newestUnderWay(jobs: readonly JobView[]): JobView | undefined {
  return jobs.findLast(isUnderWay)
}

export function isCancellable(job: JobView): boolean {
  return job.state.kind === 'queued' || (job.state.kind === 'running' && job.state.cancellable)
}

/** 0 to 1, or undefined while nothing can be said. */
export function fraction({ state }: JobView): number | undefined {
  if (state.kind !== 'running' || state.progress.total <= 0) return undefined
  return Math.min(1, state.progress.done / state.progress.total)
}
