// What lies on a volume, as the engine told it, and how its parts are called.

import { t } from 'i18next'
import { FILE_SYSTEM_TITLES } from '../../core/model/index.ts'
import type { DiskContents, PartitionFacts } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { useAsked, useVersion } from './asked.ts'
import type { Asked } from './asked.ts'
import { sizeText } from './text.ts'

const contents = (id: VolumeId): Promise<DiskContents> => api.contents(id)

export function useContents(volume: Volume): Asked<DiskContents> {
  return useAsked(volume.id, useVersion(volume), contents)
}

/** The room of an extended partition is told by what lies in it. */
export function shownPartitions({ partitions }: DiskContents): readonly PartitionFacts[] {
  return partitions.filter(({ extended }) => extended !== true)
}

/** `3 ext4, debian-root`: its number, and what is in it. */
export function partitionName({ index, type, name, fileSystem }: PartitionFacts): string {
  const what = fileSystem ? FILE_SYSTEM_TITLES[fileSystem.kind] : type
  const called = fileSystem?.label ?? name
  return called === undefined ? t('contents.part', { index, what }) : t('contents.partCalled', { index, what, called })
}

/** Of a partition, or a file system: 0 to 1. */
export function usedPart(used: number | undefined, size: number): number | undefined {
  return used === undefined || size <= 0 ? undefined : Math.min(1, used / size)
}

/** Where each part of the disk lies, and how full it is, for drawing: 0 to 1 of the disk, and of the part. */
export interface DrawnPart {
  readonly id: string
  readonly start: number
  readonly length: number
  readonly name: string
  readonly detail: string
  readonly used?: number
}

export function drawnParts(contents: DiskContents): readonly DrawnPart[] {
  const { diskSize, fileSystem, scheme } = contents
  if (scheme === 'none' && fileSystem) {
    const { kind, label, size = diskSize, used } = fileSystem
    const name = [FILE_SYSTEM_TITLES[kind], label].filter(Boolean).join(', ')
    const full = usedPart(used, size)
    const whole = { id: 'whole', start: 0, length: size / diskSize, name, detail: sizeText(size) }
    return [full === undefined ? whole : { ...whole, used: full }]
  }
  return shownPartitions(contents).map((one) => {
    const full = usedPart(one.fileSystem?.used, one.length)
    const part = {
      id: `${one.index} ${one.offset}`,
      start: one.offset / diskSize,
      length: one.length / diskSize,
      name: partitionName(one),
      detail: sizeText(one.length),
    }
    return full === undefined ? part : { ...part, used: full }
  })
}
