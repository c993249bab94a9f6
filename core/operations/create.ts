// create: a new, empty image.

import { basename } from 'node:path'
import type { OperationContext } from '../jobs/operation.ts'
import type { CreateJob, JobResult } from '../model/job.ts'
import { paceOf, throwIfCancelled, untilCancelled } from './cancel.ts'
import { checkFits } from './fit-preset.ts'
import { newImage } from './new-image.ts'
import type { Parts } from './parts.ts'
import { checkRoom } from './space.ts'
import { describeLayers, filesOf } from './survey.ts'
import { Target } from './target.ts'

export async function create(job: CreateJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { signal, progress, pointOfNoReturn } = context
  throwIfCancelled(signal)
  progress({ phase: 'prepare', done: 0, total: 0 })
  await using image = await newImage(job, parts)
  const { driver, spec, backing } = image
  await checkRoom(job.target, driver.measure(spec, 0).initial)
  await using target = await Target.start({
    path: job.target,
    overwrite: job.overwrite ?? false,
    parts,
    untouchable: backing ? filesOf(backing, await describeLayers(backing)) : [],
  })
  progress({ phase: 'copy', done: 0, total: spec.virtualSize })
  const pace = paceOf(context, 'copy', spec.virtualSize)
  const builder = await driver.build(target.storage, { ...spec, fileName: basename(job.target), pace }, target.gate)
  progress({ phase: 'finish', done: spec.virtualSize, total: spec.virtualSize })
  await untilCancelled(async () => builder.finish(), signal)
  await untilCancelled(async () => target.flush(), signal)
  await checkFits(job.preset, { target, driver, virtualSize: spec.virtualSize })
  pointOfNoReturn()
  await target.publish()
  return { kind: 'create', path: job.target, warnings: [] }
}
