// check: whether the tables of an image are in order.

import { detectDriver, driverOf, takenFor } from '../image/detect.ts'
import { leadingPath } from '../image/leading.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { attempting } from '../model/error.ts'
import type { CheckJob, JobResult } from '../model/job.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import type { Parts } from './parts.ts'

/** Throws `invalid-image` only where the header itself makes no sense: all other damage is in the report. */
export async function check(
  { path, format: stated }: CheckJob,
  context: OperationContext,
  parts: Parts,
): Promise<Extract<JobResult, { kind: 'check' }>> {
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  await using storage = await parts.openFile(await leadingPath(path, stated, parts), 'read')
  const driver = stated === undefined ? await detectDriver(parts, storage) : driverOf(parts.drivers, stated)
  const checker = await attempting('open', async () =>
    takenFor(driver, storage, async () => driver.checker?.(storage, parts.gate)),
  )
  const { format } = driver
  if (!checker) return { kind: 'check', path, format, warnings: [] }
  const report = await checker.check(paceOf(context, 'verify', checker.virtualSize))
  return { kind: 'check', path, format, report, warnings: [] }
}
