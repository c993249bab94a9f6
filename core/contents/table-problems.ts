// What is wrong with where partitions lie.

import type { PartitionFacts } from '../model/contents.ts'
import { formatSize } from '../model/units.ts'

/** A table of nonsense would have a sentence for each of its entries. */
const SENTENCES_AT_MOST = 8

export function tableProblems(partitions: readonly PartitionFacts[], diskSize: number): readonly string[] {
  const problems = [...beyondTheEnd(partitions, diskSize), ...overlapping(partitions)]
  const rest = problems.length - SENTENCES_AT_MOST
  if (rest <= 1) return problems
  return [...problems.slice(0, SENTENCES_AT_MOST), `The table has ${rest} more problems like these.`]
}

function beyondTheEnd(partitions: readonly PartitionFacts[], diskSize: number): readonly string[] {
  return partitions
    .filter(({ offset, length }) => offset + length > diskSize)
    .map(({ index, offset, length }) =>
      offset >= diskSize
        ? `Partition ${index} lies wholly beyond the end of the disk, which has ${formatSize(diskSize)}.`
        : `Partition ${index} ends ${formatSize(offset + length - diskSize)} beyond the end of the disk.`,
    )
}

/** Logical partitions lie inside an extended one, and each kind among its own. */
function overlapping(partitions: readonly PartitionFacts[]): readonly string[] {
  return [false, true].flatMap((logical) => {
    const problems: string[] = []
    let last: PartitionFacts | undefined
    for (const one of partitions
      .filter((partition) => (partition.logical === true) === logical)
      .toSorted((a, b) => a.offset - b.offset)) {
      if (last && one.offset < last.offset + last.length) {
        problems.push(`Partitions ${last.index} and ${one.index} overlap: one may destroy what the other holds.`)
      }
      if (!last || one.offset + one.length > last.offset + last.length) last = one
    }
    return problems
  })
}
