// Which partition an offset lies in, and what it is called.

import { FILE_SYSTEM_TITLES } from '../../../core/model/index.ts'
import type { DiskContents, PartitionFacts } from '../../../core/model/index.ts'

/** Those that hold something themselves. */
export function partitionsOf(contents: DiskContents | undefined): readonly PartitionFacts[] {
  return contents?.partitions.filter(({ extended }) => extended !== true) ?? []
}

export function partitionAt(contents: DiskContents | undefined, offset: number): PartitionFacts | undefined {
  return partitionsOf(contents).find((one) => offset >= one.offset && offset < one.offset + one.length)
}

/** `3 Btrfs, fedora`: its number, what is in it, and its name. */
export function partitionTitle({ index, fileSystem, name, type }: PartitionFacts): string {
  const kind = fileSystem ? FILE_SYSTEM_TITLES[fileSystem.kind] : type
  const label = fileSystem?.label ?? name
  return label === undefined || label === '' ? `${index} ${kind}` : `${index} ${kind}, ${label}`
}
