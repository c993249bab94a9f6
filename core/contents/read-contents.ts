// What lies on a disk: its partition table, or the file system that fills it.

import type { DiskContents, FileSystemFacts, FileSystemKind, GptFacts, PartitionFacts } from '../model/contents.ts'
import { errorData } from '../model/error.ts'
import { formatSize, roundUp } from '../model/units.ts'
import { partOf } from './disk-reader.ts'
import type { DiskReader, ReadableDisk } from './disk-reader.ts'
import { recogniseDisc, recogniseFileSystem } from './file-systems/recognise.ts'
import { backupSize, partitionsOf, readGpt } from './gpt.ts'
import type { Gpt, GptCopy } from './gpt.ts'
import { readMbr } from './mbr.ts'
import type { Mbr } from './mbr.ts'
import { tableProblems } from './table-problems.ts'

/** Their first sector is their own: what looks like a table in it is none. */
const OWN_FIRST_SECTOR: ReadonlySet<FileSystemKind> = new Set([
  'ntfs',
  'refs',
  'bitlocker',
  'fat12',
  'fat16',
  'fat32',
  'exfat',
  'xfs',
  'luks1',
  'luks2',
  'apfs',
  'squashfs',
])

/** What has more of them is shown in part. */
const PARTITIONS_AT_MOST = 1024

/** Called between looks, so that the work can be stopped and lets others in. */
export type Turn = () => void | Promise<void>

export async function readContents(readable: ReadableDisk, turn: Turn): Promise<DiskContents> {
  const disk = partOf(readable, 0, readable.size)
  const mbr = await readMbr(disk)
  const gpt = await readGpt(disk)
  await turn()
  const isGpt = gpt !== undefined && (mbr?.isProtective === true || (gpt.primary && !hasPartitions(mbr)))
  if (isGpt === true) return gptContents(readable, disk, gpt, mbr, turn)
  const whole = await recogniseFileSystem(disk)
  if (mbr && hasPartitions(mbr) && !(whole && OWN_FIRST_SECTOR.has(whole.kind))) {
    return mbrContents(readable, disk, mbr, gpt, turn)
  }
  // A table at the end alone may be all that is left, or the rest of what was there before.
  if (gpt?.backup && !whole && !hasPartitions(mbr)) return gptContents(readable, disk, gpt, mbr, turn)
  return {
    diskSize: disk.size,
    scheme: 'none',
    sectorSize: 512,
    partitions: [],
    ...(whole && { fileSystem: whole }),
    ...(whole?.size !== undefined && { smallestSize: Math.min(whole.size, disk.size) }),
    problems: whole ? sizeProblem(whole, disk.size) : [],
  }
}

function hasPartitions(mbr: Mbr | undefined): boolean {
  return mbr !== undefined && mbr.partitions.length > 0
}

async function gptContents(
  readable: ReadableDisk,
  disk: DiskReader,
  gpt: Gpt,
  mbr: Mbr | undefined,
  turn: Turn,
): Promise<DiskContents> {
  const { sectorSize, primary, backup } = gpt
  const copy = primary ?? backup
  const all = copy ? partitionsOf(copy, sectorSize) : []
  const facts = gptFacts(gpt, disk.size)
  const found = await withFileSystems(readable, all, turn)
  const needed = copy && smallestGpt(all, copy, sectorSize)
  const disc = await recogniseDisc(disk)
  return {
    diskSize: disk.size,
    scheme: 'gpt',
    sectorSize,
    ...(copy && { diskId: copy.header.disk_guid }),
    gpt: facts,
    partitions: found.partitions,
    ...(disc && { fileSystem: disc }),
    ...(needed !== undefined && { smallestSize: Math.min(Math.max(needed, disc?.size ?? 0), disk.size) }),
    problems: [...gptProblems(gpt, facts, mbr, disk.size), ...tableProblems(all, disk.size), ...found.problems],
  }
}

function gptFacts({ sectorSize, primary, backup }: Gpt, diskSize: number): GptFacts {
  const last = Math.floor(diskSize / sectorSize) - 1
  return {
    primary: primary ? 'good' : 'damaged',
    backup: !backup ? 'damaged' : backup.header.own_sector === last ? 'good' : 'misplaced',
  }
}

function gptProblems(gpt: Gpt, facts: GptFacts, mbr: Mbr | undefined, diskSize: number): readonly string[] {
  const problems: string[] = []
  if (facts.primary === 'damaged' && facts.backup === 'damaged') {
    return ['Both copies of the partition table are damaged: what the disk holds cannot be told.']
  }
  if (facts.primary === 'damaged') {
    problems.push(
      'The partition table at the start of the disk is damaged. What is shown comes from its copy at the end.',
    )
  }
  if (facts.backup === 'damaged') {
    problems.push('The copy of the partition table at the end of the disk is missing or damaged.')
  }
  if (facts.backup === 'misplaced' && gpt.backup) {
    const behind = diskSize - (gpt.backup.header.own_sector + 1) * gpt.sectorSize
    problems.push(
      `The copy of the partition table belongs at the end of the disk and lies ${formatSize(behind)} before it: that room cannot be used until the copy is moved.`,
    )
  }
  if (mbr?.isProtective !== true) {
    problems.push('The first sector does not say that this disk has a GPT: older systems take it for empty.')
  }
  return problems
}

function smallestGpt(partitions: readonly PartitionFacts[], copy: GptCopy, sectorSize: number): number {
  const first = copy.header.first_usable * sectorSize
  return roundUp(endOf(partitions, first), sectorSize) + backupSize(copy, sectorSize)
}

async function mbrContents(
  readable: ReadableDisk,
  disk: DiskReader,
  mbr: Mbr,
  gpt: Gpt | undefined,
  turn: Turn,
): Promise<DiskContents> {
  const found = await withFileSystems(readable, mbr.partitions, turn)
  const disc = await recogniseDisc(disk)
  const needed = Math.max(endOf(mbr.partitions, 0), disc?.size ?? 0)
  const isKnown = mbr.problems.length === 0 && !mbr.isDynamic
  return {
    diskSize: disk.size,
    scheme: 'mbr',
    sectorSize: 512,
    ...(mbr.diskId !== undefined && { diskId: mbr.diskId }),
    partitions: found.partitions,
    ...(disc && { fileSystem: disc }),
    ...(isKnown && { smallestSize: Math.min(needed, disk.size) }),
    problems: [
      ...(gpt?.primary ? ['An older GPT is still on the disk: some systems may take it for the partition table.'] : []),
      ...mbr.problems,
      ...tableProblems(mbr.partitions, disk.size),
      ...found.problems,
    ],
  }
}

interface Found {
  readonly partitions: readonly PartitionFacts[]
  readonly problems: readonly string[]
}

/** By where they lie, with what is in them. */
async function withFileSystems(readable: ReadableDisk, all: readonly PartitionFacts[], turn: Turn): Promise<Found> {
  const partitions: PartitionFacts[] = []
  const problems: string[] = []
  if (all.length > PARTITIONS_AT_MOST) {
    problems.push(`There are ${all.length} partitions: the first ${PARTITIONS_AT_MOST} are shown.`)
  }
  const sorted = all.toSorted((a, b) => a.offset - b.offset || b.length - a.length)
  for (const partition of sorted.slice(0, PARTITIONS_AT_MOST)) {
    await turn()
    const part = partOf(readable, partition.offset, partition.length)
    try {
      const fileSystem = partition.extended === true || part.size === 0 ? undefined : await recogniseFileSystem(part)
      partitions.push(fileSystem ? { ...partition, fileSystem } : partition)
      if (fileSystem) problems.push(...sizeProblem(fileSystem, partition.length, partition.index))
    } catch (error) {
      partitions.push(partition)
      problems.push(`Partition ${partition.index} could not be looked into: ${errorData(error).message}`)
    }
  }
  return { partitions, problems }
}

function sizeProblem({ size = 0 }: FileSystemFacts, room: number, index?: number): readonly string[] {
  if (size <= room) return []
  const where = index === undefined ? 'The disk' : `Partition ${index}`
  return [
    `${where} has ${formatSize(room)}, but the file system in it says it has ${formatSize(size)}: its end is cut off.`,
  ]
}

function endOf(partitions: readonly PartitionFacts[], least: number): number {
  return partitions.reduce((end, { offset, length }) => Math.max(end, offset + length), least)
}
