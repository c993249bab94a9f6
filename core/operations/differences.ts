// differences: every range in which two images hold different bytes.

import type { CompareJob } from '../model/job.ts'
import { differencesOf } from '../transfer/compare.ts'
import type { Difference } from '../transfer/compare.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

/** Ascending; what one disk is longer by counts as zeros of the other. Ranges less than a sector apart are one. */
export async function* differences(
  job: Pick<CompareJob, 'left' | 'leftFormat' | 'right' | 'rightFormat'>,
  signal: AbortSignal,
  parts: Parts,
): AsyncGenerator<Difference> {
  await using left = await openSource(job.left, job.leftFormat, parts)
  await using right = await openSource(job.right, job.rightFormat, parts)
  yield* differencesOf(left, right, { signal, ...(parts.pool && { pool: parts.pool }) })
}
