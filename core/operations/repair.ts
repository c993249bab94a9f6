// repair: puts right what can be put right in the tables of an image without losing any of its data.

import { detectDriver, driverOf } from '../image/detect.ts'
import type { OperationContext } from '../jobs/operation.ts'
import type { RepairMode, RepairOutcome } from '../model/check.ts'
import { SpindleError } from '../model/error.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import type { CheckSpec } from './check.ts'
import { changeInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'

export interface RepairSpec extends CheckSpec {
  readonly mode: RepairMode
  /** Leaves an undo file behind. */
  readonly keepUndo: boolean
}

/** All or nothing, as every change in place. Damage that remains is in the report, not an error. */
export async function repair(spec: RepairSpec, context: OperationContext, parts: Parts): Promise<RepairOutcome> {
  throwIfCancelled(context.signal)
  const format = await repairable(spec, parts)
  if (!format.canRepair) return { format: format.id }
  return changeInPlace({ ...spec, format: format.id }, context, parts, async ({ storage, driver }) => {
    const checker = await driver.checker?.(storage)
    if (!checker) throw new SpindleError('internal', `${driver.format} images cannot be repaired`)
    // Looked at before and after.
    const pace = paceOf(context, 'verify', 2 * checker.virtualSize)
    return { format: driver.format, report: await checker.repair(spec.mode, pace) }
  })
}

/** Asked before anything is written beside the image. */
async function repairable({ path, format }: RepairSpec, parts: Parts) {
  await using storage = await parts.openFile(path, 'read')
  const driver = format === undefined ? await detectDriver(parts.drivers, storage) : driverOf(parts.drivers, format)
  await driver.checker?.(storage)
  return { id: driver.format, canRepair: driver.checker !== undefined }
}
