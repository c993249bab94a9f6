// bypass: an image is taken out of the middle of its chain, by putting all that lie on it onto what lies below it.

import { dirname, isAbsolute, relative } from 'node:path'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { ImageFacts } from '../model/image.ts'
import type { BypassJob, JobResult, RebaseJob } from '../model/job.ts'
import { throwIfCancelled } from './cancel.ts'
import { dependentsOf, foldersOf } from './dependents.ts'
import { inspect } from './inspect.ts'
import type { Parts } from './parts.ts'
import { rebase } from './rebase.ts'
import { trash } from './trash.ts'

export interface Bypassed {
  readonly layer: ImageFacts
  /** What lies below it; undefined when nothing does, and those above it are to stand alone. */
  readonly base?: ImageFacts
  readonly children: readonly ImageFacts[]
}

/**
 * One image after the other takes in what it reads from the layer, each as a whole or not at all: every disk shows the
 * same at any moment. The layer itself is not touched; in the end nothing lies on it any more.
 */
export async function bypass(job: BypassJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const { layer, base, children } = await around(job, parts)
  const kept = children.find(({ details }) => (details.snapshots ?? []).length > 0)
  if (kept) throw hasSnapshots(kept, layer.path)
  const total = children.reduce((sum, { virtualSize }) => sum + virtualSize, 0)
  let finished = 0
  let onward = context
  for (const child of children) {
    const from = finished
    await rebase(
      rebaseOf(child, base),
      {
        ...onward,
        progress: ({ phase, done }) =>
          context.progress({
            phase,
            done: from + Math.min(done, child.virtualSize),
            total: phase === 'prepare' ? 0 : total,
          }),
      },
      parts,
    )
    finished += child.virtualSize
    // From the first one on, stopping would leave some here and some there.
    onward = { ...context, signal: new AbortController().signal, pointOfNoReturn: () => {} }
  }
  const put = job.trash === true ? await trashed(layer.path, onward, parts) : { items: [], warnings: [] }
  return { kind: 'bypass', path: layer.path, children: children.map(({ path }) => path), ...put }
}

/** Nothing lies on it any more: that is looked for once more. */
async function trashed(path: string, context: OperationContext, parts: Parts) {
  const result = await trash({ kind: 'trash', paths: [path], allowDependents: false }, context, parts)
  return { items: result.kind === 'trash' ? result.items : [], warnings: result.warnings }
}

export async function around({ path, format }: BypassJob, parts: Parts): Promise<Bypassed> {
  const how = format === undefined ? {} : { format }
  const [layer, base] = await inspect({ path, chain: true, ...how }, parts)
  if (!layer) throw new SpindleError('internal', `there is nothing to say of ${path}`)
  if (layer.unreadable) throw SpindleError.fromData(layer.unreadable)
  const paths = await dependentsOf([layer.path], [layer.path], await foldersOf([layer.path]), parts)
  const children = []
  for (const child of paths) children.push(...(await inspect({ path: child, chain: false }, parts)))
  return { layer, ...(base && { base }), children }
}

function rebaseOf({ path, format }: ImageFacts, base: ImageFacts | undefined): RebaseJob {
  const backing = base && { path: referenceTo(base.path, path), format: base.format }
  return { kind: 'rebase', path, format, nameOnly: false, ...(backing && { backing }) }
}

/** By name from its folder where both can move together, else by the whole path. */
function referenceTo(path: string, from: string): string {
  const name = relative(dirname(from), path)
  if (name.startsWith('..') || isAbsolute(name)) return path
  // A name with a colon would be taken for a protocol.
  return name.includes(':') ? `./${name}` : name
}

function hasSnapshots({ path, details }: ImageFacts, layer: string): SpindleError {
  const names = (details.snapshots ?? []).map(({ name }) => `“${name}”`).join(', ')
  return new SpindleError(
    'unsupported',
    `${path} has snapshots (${names}), which read through ${layer} and cannot take anything in. Nothing was changed. Delete them, or merge ${layer} down into what lies below it instead.`,
    { path },
  )
}
