// check: whether the tables of an image are in order.

import { detectDriver, driverOf } from '../image/detect.ts'
import type { OperationContext } from '../jobs/operation.ts'
import type { CheckOutcome } from '../model/check.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import type { Parts } from './parts.ts'

export interface CheckSpec {
  /** Absolute. */
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: string
}

/** Opens that one file and no other. Throws `invalid-image` only where the header itself makes no sense. */
export async function check(spec: CheckSpec, context: OperationContext, parts: Parts): Promise<CheckOutcome> {
  throwIfCancelled(context.signal)
  await using storage = await parts.openFile(spec.path, 'read')
  const driver =
    spec.format === undefined ? await detectDriver(parts.drivers, storage) : driverOf(parts.drivers, spec.format)
  const checker = await driver.checker?.(storage)
  if (!checker) return { format: driver.format }
  const report = await checker.check(paceOf(context, 'verify', checker.virtualSize))
  return { format: driver.format, report }
}
