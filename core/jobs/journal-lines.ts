// What the journal of jobs consists of: lines of JSON, and what they say together.

import { assertNever } from '../model/error.ts'
import { isJobKind } from '../model/job.ts'
import type { Job, JobResult, JobSpec, JobState } from '../model/job.ts'
import type { MadeFile } from './made-file.ts'

export type Line =
  | { readonly kind: 'asked'; readonly id: string; readonly at: number; readonly spec: JobSpec }
  | { readonly kind: 'begun'; readonly id: string; readonly at: number }
  /** A file is about to be made beside an image. */
  | { readonly kind: 'making'; readonly id: string; readonly path: string }
  | { readonly kind: 'made'; readonly id: string; readonly path: string; readonly identity: string }
  | { readonly kind: 'final'; readonly id: string }
  | { readonly kind: 'ended'; readonly id: string; readonly at: number; readonly state: JobState }

/** What is known of one job. */
export interface Entry {
  readonly id: string
  readonly spec: JobSpec
  readonly askedAt: number
  readonly begunAt?: number
  /** In the order they were made. */
  readonly made: readonly MadeFile[]
  /** Whether it had passed its point of no return. */
  readonly final: boolean
  readonly endedAt?: number
  /** Of an ended job. */
  readonly state?: JobState
}

export function apply(entries: Map<string, Entry>, line: Line): void {
  if (line.kind === 'asked') {
    const { id, spec, at } = line
    // A newer Spindle may have known more.
    if (!isJobKind(spec.kind)) return
    entries.set(id, { id, spec, askedAt: at, made: [], final: false })
    return
  }
  const entry = entries.get(line.id)
  if (entry) entries.set(line.id, { ...entry, ...changeOf(entry, line) })
}

function changeOf({ made }: Entry, line: Exclude<Line, { kind: 'asked' }>): Partial<Entry> {
  switch (line.kind) {
    case 'begun':
      // Begun once more: what an earlier attempt had made is put back by then.
      return { begunAt: line.at, made: [], final: false }
    case 'making':
      return { made: [...made, { path: line.path }] }
    case 'made': {
      const { path, identity } = line
      return { made: made.map((one) => (one.path === path ? { path, identity } : one)) }
    }
    case 'final':
      return { final: true }
    case 'ended':
      return { endedAt: line.at, state: line.state }
    default:
      return assertNever(line)
  }
}

/** The lines that say the same as the entry. */
export function linesOf({ id, spec, askedAt, begunAt, made, final, endedAt, state }: Entry): readonly Line[] {
  return [
    { kind: 'asked', id, at: askedAt, spec },
    ...(begunAt === undefined ? [] : [{ kind: 'begun', id, at: begunAt } as const]),
    ...made.flatMap(({ path, identity }): readonly Line[] => [
      { kind: 'making', id, path },
      ...(identity === undefined ? [] : [{ kind: 'made', id, path, identity } as const]),
    ]),
    ...(final ? [{ kind: 'final', id } as const] : []),
    ...(state && endedAt !== undefined ? [{ kind: 'ended', id, at: endedAt, state } as const] : []),
  ]
}

/** Undefined for a file that is no journal, or a damaged one. A last line that was cut off is what a crash leaves. */
export function readJournal(text: string): Map<string, Entry> | undefined {
  const lines = text.split('\n').filter((line) => line !== '')
  const entries = new Map<string, Entry>()
  for (const [index, written] of lines.entries()) {
    const line = lineFrom(written)
    if (line) apply(entries, line)
    else if (index < lines.length - 1) return undefined
  }
  return entries
}

function lineFrom(text: string): Line | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isLine(value) ? value : undefined
}

function isLine(value: unknown): value is Line {
  if (!isObject(value) || typeof value['id'] !== 'string') return false
  switch (value['kind']) {
    case 'asked':
      return isTime(value['at']) && isObject(value['spec']) && typeof value['spec']['kind'] === 'string'
    case 'begun':
      return isTime(value['at'])
    case 'making':
      return typeof value['path'] === 'string'
    case 'made':
      return typeof value['path'] === 'string' && typeof value['identity'] === 'string'
    case 'final':
      return true
    case 'ended':
      return isTime(value['at']) && isObject(value['state']) && typeof value['state']['kind'] === 'string'
    default:
      return false
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** As a job that has ended; undefined for one that has not. */
export function endedJob({ id, spec, askedAt, begunAt, endedAt, state }: Entry): Job | undefined {
  if (!state || endedAt === undefined) return undefined
  return { id, spec, state, queuedAt: askedAt, ...(begunAt !== undefined && { startedAt: begunAt }), endedAt }
}

/** Without the lists of findings, which may be long: how many there were is kept. */
export function briefly(state: JobState): JobState {
  if (state.kind !== 'succeeded') return state
  return { kind: 'succeeded', result: briefResult(state.result) }
}

function briefResult(result: JobResult): JobResult {
  if (result.kind === 'check' && result.report) return { ...result, report: { ...result.report, findings: [] } }
  if (result.kind !== 'repair' || !result.report) return result
  const { report } = result
  return { ...result, report: { ...report, after: { ...report.after, findings: [] }, repaired: [] } }
}

/** Whether the job is about the file. */
export function isAbout(spec: JobSpec, path: string): boolean {
  return Object.values(spec).some((value) => value === path)
}
