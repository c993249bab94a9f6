// The jobs as the window shows them. They outlive the engine: those of one that died have failed and say so, unless the
// next one knows of them and offers them again.

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
  readonly #specs = new Map<JobId, JobSpec>()
  /** Those whose engine is gone. */
  #lost: ReadonlySet<JobId> = new Set()

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

  /** As the window shows it. */
  receive(job: Job): JobView {
    this.#lost = new Set([...this.#lost].filter((id) => id !== job.id))
    this.#specs.set(job.id, job.spec)
    const view = this.view(job)
    this.#put(view)
    return view
  }

  dismissed(id: JobId): void {
    this.#forget(id)
  }

  /** The same id. Throws for one that was never given out, or is forgotten. */
  known(id: JobId): JobId {
    if (this.#jobs.has(id)) return id
    throw new SpindleError('not-found', 'This job is no longer in the list.')
  }

  /** Whether its engine is gone. Throws as `known`. */
  isLost(id: JobId): boolean {
    return this.#lost.has(this.known(id))
  }

  spec(id: JobId): JobSpec {
    const spec = this.#specs.get(this.known(id))
    if (!spec) throw new SpindleError('not-found', 'This job is no longer in the list.')
    return spec
  }

  /** A job whose engine is gone has nobody else to forget it. */
  forgetLost(id: JobId): void {
    this.#forget(id)
  }

  engineDied(error: ErrorData): void {
    this.#lost = new Set(this.#jobs.keys())
    for (const job of this.unfinished()) {
      this.#put({ ...job, state: { kind: 'failed', error }, endedAt: Date.now() })
    }
  }

  #put(view: JobView): void {
    this.#jobs.set(view.id, view)
    this.#emit('job', view)
  }

  #forget(id: JobId): void {
    this.#specs.delete(id)
    if (this.#jobs.delete(id)) this.#emit('jobDismissed', id)
  }

  /** As the window shows it, also one that is not in the list. */
  view(job: Job): JobView {
    const { spec, state } = job
    const common = {
      id: job.id,
      state,
      queuedAt: job.queuedAt,
      ...(job.startedAt !== undefined && { startedAt: job.startedAt }),
      ...(job.endedAt !== undefined && { endedAt: job.endedAt }),
      ...(job.events && { events: job.events }),
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
      case 'copy':
      case 'move':
        return { ...common, kind: spec.kind, source: basename(spec.path), target: basename(spec.target) }
      case 'trash':
        return {
          ...common,
          kind: 'trash',
          target: basename(spec.paths[0] ?? ''),
          count: spec.paths.length,
          ...(state.kind === 'succeeded' &&
            state.result.kind === 'trash' && { trashed: state.result.items.map((item) => this.#grants.trash(item)) }),
        }
      case 'bypass':
        return {
          ...common,
          kind: 'bypass',
          target: basename(spec.path),
          ...(state.kind === 'succeeded' &&
            state.result.kind === 'bypass' &&
            state.result.items.length > 0 && { trashed: state.result.items.map((item) => this.#grants.trash(item)) }),
        }
      case 'restore':
        return {
          ...common,
          kind: 'restore',
          target:
            state.kind === 'succeeded' && state.result.kind === 'restore' ? basename(state.result.paths[0] ?? '') : '',
          count: spec.items.length,
        }
      case 'empty-trash':
        return { ...common, kind: 'empty-trash', target: '', count: spec.items.length }
      case 'snapshot':
      case 'resize':
      case 'commit':
      case 'rebase':
      case 'compact':
      case 'amend':
      case 'bitmap':
      case 'check':
      case 'repair':
        return { ...common, kind: spec.kind, target: basename(spec.path) }
      default:
        return assertNever(spec)
    }
  }

  #volume(spec: JobSpec, state: JobState): Pick<JobView, 'volume'> {
    const result = state.kind === 'succeeded' ? state.result : undefined
    const makes = spec.kind === 'move' || spec.kind === 'copy'
    if ('path' in spec && !(makes && result)) return { volume: this.#grants.volume(spec.path, 'user') }
    if (!result || !('path' in result)) return {}
    return { volume: this.#grants.volume(result.path, 'user') }
  }
}

/** One that was interrupted waits for nothing but a word. */
function hasEnded({ kind }: JobState): boolean {
  return kind === 'succeeded' || kind === 'failed' || kind === 'cancelled' || kind === 'interrupted'
}
