// What a commit would move, and whom it would damage, told before it is done.

import { VirtualDisk } from '../image/virtual-disk.ts'
import type { CommitJob } from '../model/job.ts'
import type { CommitPlan } from '../model/plan.ts'
import { turnsOf } from './cancel.ts'
import { split } from './commit.ts'
import { dependentsOf, foldersOf } from './dependents.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { describeLayers, survey } from './survey.ts'

export async function planCommit(job: CommitJob, parts: Parts): Promise<CommitPlan> {
  await using chain = await openSource(job.path, job.format, parts)
  const { upper, base } = await split(chain, job, parts)
  const above = new VirtualDisk(upper)
  const { dataBytes, packedBytes } = await survey(above, turnsOf())
  const names = [...upper, base].map(({ storage }) => storage.name)
  const changed = names.slice(1)
  const details = await describeLayers(above)
  return {
    base: base.storage.name,
    bytes: dataBytes + packedBytes,
    between: changed.slice(0, -1),
    others: await dependentsOf(changed, names, await foldersOf([job.path, ...changed]), parts),
    snapshots: details.flatMap(({ snapshots = [] }) => snapshots.map(({ name }) => name)),
    command: [
      'spindle',
      'commit',
      '-f',
      chain.top.format,
      ...(job.base === undefined ? [] : ['-b', job.base]),
      ...(job.keepTop && job.base === undefined ? ['-d'] : []),
      job.path,
    ],
  }
}
