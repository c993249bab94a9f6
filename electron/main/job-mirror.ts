// The jobs as the window shows them. They outlive the engine: those of one that died have failed and say so.

import { basename } from 'node:path'
import type { JobView } from '../contract/data.ts'
import type { JobId } from '../contract/ids.ts'
import {
  SpindleError,
  assertNever,
  type ErrorData,
  type Job,
  type JobSpec,
  type JobState,
} from '../../core/model/index.ts'
import type { Grants } from './grants.ts'
import type { EmitToPage } from './library-mirror.ts'

export class JobMirror {
  readonly #grants: Grants
  readonly #emit: EmitToPage
  readonly #jobs = new Map<JobId, JobView>()
  /** Each engine counts its jobs anew, so its number is part of their ids here. */
  #engine = 1

  constructor(grants: Grants, emit: EmitToPage) {
    this.#grants = grants
    this.#emit = emit
  }

  list(): readonly JobView[] {
    return [...this.#jobs.values()]
  }

  unfinished(): readonly JobView[] {
    return this.list().filter(({ state }) => !hasEnded(state))
  }

  id(engineId: string): JobId {
    return `${this.#engine}-${engineId}`
  }

  receive(job: Job): void {
    this.#put(this.#view(job))
  }

  dismissed(engineId: string): void {
    this.#forget(this.id(engineId))
  }

  /** The engine's own id of a job it still knows; undefined when its engine is gone. Throws for ids never given out. */
  engineId(id: JobId): string | undefined {
    if (!this.#jobs.has(id)) {
      throw new SpindleError('not-found', 'This job is no longer in the list.')
    }
    const prefix = `${this.#engine}-`
    return id.startsWith(prefix) ? id.slice(prefix.length) : undefined
  }

  /** A job whose engine is gone has nobody else to forget it. */
  forgetLost(id: JobId): void {
    this.#forget(id)
  }

  engineDied(error: ErrorData): void {
    for (const job of this.unfinished()) {
      this.#put({ ...job, state: { kind: 'failed', error }, endedAt: Date.now() })
    }
    this.#engine += 1
  }

  #put(view: JobView): void {
    this.#jobs.set(view.id, view)
    this.#emit('job', view)
  }

  #forget(id: JobId): void {
    if (this.#jobs.delete(id)) this.#emit('jobDismissed', id)
  }

  #view(job: Job): JobView {
    const { spec, state } = job
    const common = {
      id: this.id(job.id),
      state,
      queuedAt: job.queuedAt,
      ...(job.startedAt !== undefined && { startedAt: job.startedAt }),
      ...(job.endedAt !== undefined && { endedAt: job.endedAt }),
      ...this.#volume(spec, state),
    }
    switch (spec.kind) {
      case 'create':
        return { ...common, kind: 'create', target: basename(spec.target), format: spec.format }
      case 'convert':
        return {
          ...common,
          kind: 'convert',
          source: basename(spec.source),
          target: basename(spec.target),
          format: spec.format,
        }
      case 'compare':
        return { ...common, kind: 'compare', source: basename(spec.left), target: basename(spec.right) }
      case 'snapshot':
      case 'resize':
      case 'commit':
      case 'rebase':
      case 'amend':
      case 'check':
      case 'repair':
        return { ...common, kind: spec.kind, target: basename(spec.path) }
      default:
        return assertNever(spec)
    }
  }

  #volume(spec: JobSpec, state: JobState): Pick<JobView, 'volume'> {
    if ('path' in spec) return { volume: this.#grants.volume(spec.path, 'user') }
    if (state.kind !== 'succeeded' || state.result.kind === 'compare') return {}
    return { volume: this.#grants.volume(state.result.path, 'user') }
  }
}

function hasEnded({ kind }: JobState): boolean {
  return kind === 'succeeded' || kind === 'failed' || kind === 'cancelled'
}
