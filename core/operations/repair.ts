// repair: puts right what can be put right in the tables of an image without losing any of its data.

import { detectDriver, driverOf } from '../image/detect.ts'
import { leadingPath } from '../image/leading.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { FormatId } from '../model/image.ts'
import type { JobResult, RepairJob } from '../model/job.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { changeInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'

/** All or nothing, as every change in place. Damage that remains is in the report, not an error. */
export async function repair(
  job: RepairJob,
  context: OperationContext,
  parts: Parts,
): Promise<Extract<JobResult, { kind: 'repair' }>> {
  const { path, mode, keepUndo = false } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const { format, hasChecker } = await look(job, parts)
  const result = { kind: 'repair', path, format, warnings: [] } as const
  if (!hasChecker) return result
  return changeInPlace({ path, format, keepUndo }, context, parts, async ({ storage, driver, gate }) => {
    const checker = await driver.checker?.(storage, gate)
    if (!checker) throw new SpindleError('internal', `${format} images cannot be repaired`)
    // All is looked at before and after.
    const report = await checker.repair(mode, paceOf(context, 'verify', 2 * checker.virtualSize))
    return { ...result, report }
  })
}

interface Looked {
  readonly format: FormatId
  readonly hasChecker: boolean
}

/** Before anything is written beside the image: whether it is one that can be repaired at all. */
async function look({ path, format }: RepairJob, parts: Parts): Promise<Looked> {
  await using storage = await parts.openFile(await leadingPath(path, format, parts), 'read')
  const driver = format === undefined ? await detectDriver(parts, storage) : driverOf(parts.drivers, format)
  return { format: driver.format, hasChecker: (await driver.checker?.(storage, parts.gate)) !== undefined }
}
