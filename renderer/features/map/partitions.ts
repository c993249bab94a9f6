// Which partition an offset lies in.

import type { DiskContents, PartitionFacts } from '../../../core/model/index.ts'

/** Those that hold something themselves. */
export function partitionsOf(contents: DiskContents | undefined): readonly PartitionFacts[] {
  return contents?.partitions.filter(({ extended }) => extended !== true) ?? []
}

export function partitionAt(contents: DiskContents | undefined, offset: number): PartitionFacts | undefined {
  return partitionsOf(contents).find((one) => offset >= one.offset && offset < one.offset + one.length)
}
