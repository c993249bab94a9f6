// differences: every range in which two images hold different bytes.

import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { CompareJob } from '../model/job.ts'
import { differencesOf } from '../transfer/compare.ts'
import type { Difference } from '../transfer/compare.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

export type ComparedDisks = Pick<
  CompareJob,
  'left' | 'leftFormat' | 'leftSnapshot' | 'right' | 'rightFormat' | 'rightSnapshot'
>

/** Ascending; what one disk is longer by counts as zeros of the other. Ranges less than a sector apart are one. */
export async function* differences(job: ComparedDisks, signal: AbortSignal, parts: Parts): AsyncGenerator<Difference> {
  const { left, right } = await openCompared(job, parts)
  await using one = left
  await using other = right
  yield* differencesOf(one, other, { signal, ...(parts.pool && { pool: parts.pool }) })
}

/** Both sides, each perhaps as a snapshot inside its image has it. */
export async function openCompared(
  { left, leftFormat, leftSnapshot, right, rightFormat, rightSnapshot }: ComparedDisks,
  parts: Parts,
): Promise<{ readonly left: VirtualDisk; readonly right: VirtualDisk }> {
  const one = await openSource(left, leftFormat, parts, leftSnapshot === undefined ? undefined : { id: leftSnapshot })
  try {
    const snapshot = rightSnapshot === undefined ? undefined : { id: rightSnapshot }
    return { left: one, right: await openSource(right, rightFormat, parts, snapshot) }
  } catch (error) {
    await one.close()
    throw error
  }
}
