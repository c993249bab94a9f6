// What the made-up volumes hold: disks divided in the ways people meet.

import type { DiskContents, PartitionFacts, ResizePlan } from '../../../core/model/index.ts'
import { GiB, MiB } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'

/** By the name of the volume: Windows where it says so, a bare file system, nothing at all, and Linux for the rest. */
export function contentsOf({ name, virtualSize = 0, error }: Volume): DiskContents {
  const disk = { diskSize: virtualSize, sectorSize: 512, problems: [] }
  if (error?.code === 'invalid-image') return { ...disk, scheme: 'none', partitions: [], unreadable: error }
  if (/win/i.test(name)) return { ...disk, ...gpt(windows(virtualSize)) }
  if (/scratch|blank/.test(name)) return { ...disk, scheme: 'none', partitions: [] }
  if (/data|home/.test(name)) {
    const fileSystem = { kind: 'xfs', label: 'data', size: virtualSize, used: virtualSize * 0.4 } as const
    return { ...disk, scheme: 'none', partitions: [], fileSystem, smallestSize: virtualSize }
  }
  return { ...disk, ...gpt(linux(virtualSize)) }
}

/** What a plan to resize such a disk tells of them. */
export function cutContents(
  volume: Volume,
  size: number,
): Pick<ResizePlan, 'smallestSize' | 'cutPartitions' | 'hasGpt'> {
  const { partitions, smallestSize, scheme } = contentsOf(volume)
  const cut = partitions.filter(({ offset, length }) => offset + length > size)
  return {
    cutPartitions: cut.map(({ index }) => index),
    hasGpt: scheme === 'gpt',
    ...(smallestSize !== undefined && { smallestSize }),
  }
}

function gpt(partitions: readonly PartitionFacts[]): Omit<DiskContents, 'diskSize' | 'sectorSize' | 'problems'> {
  const end = Math.max(...partitions.map(({ offset, length }) => offset + length))
  return {
    scheme: 'gpt',
    diskId: '6f0c1d2e-8a5b-4c1f-9d34-2b7e5a90c113',
    gpt: { primary: 'good', backup: 'good' },
    partitions,
    smallestSize: end + 33 * 512,
  }
}

function linux(size: number): readonly PartitionFacts[] {
  const root = size * 0.7 - 1.5 * GiB
  return [
    {
      index: 1,
      offset: MiB,
      length: 512 * MiB,
      type: 'EFI system',
      typeCode: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
      fileSystem: { kind: 'fat32', uuid: '7A1E-44D0', size: 512 * MiB, used: 6 * MiB },
    },
    {
      index: 2,
      offset: 513 * MiB,
      length: root,
      type: 'Linux file system',
      typeCode: '0fc63daf-8483-4772-8e79-3d69d8477de4',
      name: 'root',
      fileSystem: {
        kind: 'ext4',
        label: 'debian-root',
        uuid: '0d7e3a52-6f1b-4c7e-9f53-8a41c1f0aa17',
        size: root,
        used: root * 0.45,
      },
    },
    {
      index: 3,
      offset: 513 * MiB + root,
      length: GiB,
      type: 'Linux swap',
      typeCode: '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f',
      fileSystem: { kind: 'swap', size: GiB },
    },
  ]
}

function windows(size: number): readonly PartitionFacts[] {
  const main = size - 900 * MiB
  return [
    {
      index: 1,
      offset: MiB,
      length: 100 * MiB,
      type: 'EFI system',
      typeCode: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
      fileSystem: { kind: 'fat32', size: 100 * MiB, used: 31 * MiB },
    },
    {
      index: 2,
      offset: 101 * MiB,
      length: 16 * MiB,
      type: 'Microsoft reserved',
      typeCode: 'e3c9e316-0b5c-4db8-817d-f92df00215ae',
    },
    {
      index: 3,
      offset: 117 * MiB,
      length: main,
      type: 'Windows data',
      typeCode: 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7',
      name: 'Basic data partition',
      fileSystem: { kind: 'ntfs', label: 'Windows', uuid: '3C9A41E09A4198B0', size: main, used: main * 0.62 },
    },
    {
      index: 4,
      offset: 117 * MiB + main,
      length: 700 * MiB,
      type: 'Windows recovery',
      typeCode: 'de94bba4-06d1-4d40-a16a-bfd50179d6ac',
      fileSystem: { kind: 'ntfs', size: 700 * MiB, used: 512 * MiB },
    },
  ]
}
