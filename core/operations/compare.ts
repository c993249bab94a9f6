// compare: whether two images hold the same disk.

import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'
import type { OperationContext } from '../jobs/operation.ts'
import type { Pace } from '../jobs/pace.ts'
import type { CompareJob, JobResult } from '../model/job.ts'
import { readContents } from '../contents/read-contents.ts'
import type { DiskContents } from '../model/contents.ts'
import { DifferingSums } from '../model/differing.ts'
import type { Differing } from '../model/differing.ts'
import { compareDisks, differencesOf, planComparison } from '../transfer/compare.ts'
import type { CompareOptions, Comparison } from '../transfer/compare.ts'
import { paceOf, throwIfCancelled, turnsOf } from './cancel.ts'
import { openCompared } from './differences.ts'
import type { Parts } from './parts.ts'

/** Phases: `prepare` while the images are opened, `copy` while their maps are read, `verify` while their bytes are. */
export async function compare(job: CompareJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { signal, progress } = context
  throwIfCancelled(signal)
  progress({ phase: 'prepare', done: 0, total: 0 })
  const opened = await openCompared(job, parts)
  await using left = opened.left
  await using right = opened.right
  progress({ phase: 'copy', done: 0, total: 0 })
  const mapping = paceOf(context, 'copy', 0)
  const total = await planComparison(left, right, mapping)
  const allocationDifference = job.strict ? await firstAllocationDifference(left, right, mapping) : undefined
  progress({ phase: 'verify', done: 0, total })
  const options = { signal, pace: paceOf(context, 'verify', total), ...(parts.pool && { pool: parts.pool }) }
  const differing = job.ranges === true ? await allDifferences(left, right, options) : undefined
  const { identical, firstDifference, sizeDiffers } = differing
    ? comparisonOf(differing, left.size !== right.size)
    : await compareDisks(left, right, options)
  return {
    kind: 'compare',
    identical: identical && (!job.strict || (!sizeDiffers && allocationDifference === undefined)),
    ...(firstDifference !== undefined && { firstDifference }),
    ...(allocationDifference !== undefined && { allocationDifference }),
    ...(differing && { differing }),
    sizeDiffers,
    commonSize: Math.min(left.size, right.size),
    warnings: [],
  }
}

async function allDifferences(left: VirtualDisk, right: VirtualDisk, options: CompareOptions): Promise<Differing> {
  const sums = new DifferingSums(Math.max(left.size, right.size), await contentsOf(left, right))
  for await (const difference of differencesOf(left, right, options)) sums.add(difference)
  return sums.finish()
}

/** The partitions of the first, or of the second where the first has none yet. */
async function contentsOf(left: VirtualDisk, right: VirtualDisk): Promise<DiskContents> {
  const pace = turnsOf()
  const turn = async (): Promise<void> => pace(0)
  const first = await readContents(left, turn)
  return first.partitions.length > 0 ? first : readContents(right, turn)
}

function comparisonOf({ ranges: [first] }: Differing, sizeDiffers: boolean): Comparison {
  return { identical: !first, sizeDiffers, ...(first && { firstDifference: first.offset }) }
}

/** Guest offset of the first byte that is data in one disk and not in the other, up to the end of the shorter one. */
async function firstAllocationDifference(
  left: VirtualDisk,
  right: VirtualDisk,
  pace: Pace,
): Promise<number | undefined> {
  const sides = [runsOf(left), runsOf(right)] as const
  let [a, b] = [await sides[0].next(), await sides[1].next()]
  while (a.done !== true && b.done !== true) {
    if (a.value.state !== b.value.state) return Math.max(a.value.start, b.value.start)
    const ends = [a.value.end, b.value.end] as const
    if (ends[0] <= ends[1]) a = await sides[0].next()
    if (ends[1] <= ends[0]) b = await sides[1].next()
    await pace(0)
  }
  return undefined
}

interface Run {
  readonly state: 'data' | 'zero' | 'hole'
  readonly start: number
  readonly end: number
}

async function* runsOf(disk: VirtualDisk): AsyncGenerator<Run> {
  let start = 0
  for await (const extents of disk.extents()) {
    for (const extent of extents) {
      const end = start + extent.length
      yield { state: stateOf(extent), start, end }
      start = end
    }
  }
}

function stateOf(extent: DiskExtent): Run['state'] {
  return extent.kind === 'packed' ? 'data' : extent.kind
}
