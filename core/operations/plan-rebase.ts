// What a rebase would take in, told before it is done.

import type { RebaseJob } from '../model/job.ts'
import type { RebasePlan } from '../model/plan.ts'
import { turnsOf } from './cancel.ts'
import { inspect } from './inspect.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { freeFor } from './space.ts'
import { survey } from './survey.ts'

/** Looks at the image alone where only its backing name is to change: what lies below may be gone. */
export async function planRebase(job: RebaseJob, parts: Parts): Promise<RebasePlan> {
  const { path, format, backing, nameOnly } = job
  const [top] = await inspect({ path, chain: false, ...(format !== undefined && { format }) }, parts)
  const bytes = await bytesTakenIn(job, parts)
  return {
    ...(bytes !== undefined && { bytes }),
    snapshots: nameOnly ? [] : (top?.details.snapshots ?? []).map(({ name }) => name),
    free: await freeFor(path),
    command: [
      'spindle',
      'rebase',
      ...(top ? ['-f', top.format] : []),
      ...(nameOnly ? ['-u'] : []),
      '-b',
      backing?.path ?? '',
      ...(backing?.format === undefined ? [] : ['-F', backing.format]),
      ...(job.keepUndo === true ? ['--keep-undo'] : []),
      path,
    ],
  }
}

async function bytesTakenIn({ path, format, backing, nameOnly }: RebaseJob, parts: Parts): Promise<number | undefined> {
  if (nameOnly) return 0
  if (backing) return undefined
  await using disk = await openSource(path, format, parts)
  return (await survey(disk, turnsOf())).belowBytes
}
