// The partition table of a master boot record, and the chain of logical partitions inside an extended one.

import type { PartitionFacts } from '../model/contents.ts'
import { formatSize } from '../model/units.ts'
import type { DiskReader } from './disk-reader.ts'
import { mbrTypeName } from './partition-types.ts'

export const MBR_SECTOR = 512
const TABLE = 446
const ENTRY = 16
const FIRST_LOGICAL = 5
/** Systems stop well before: Linux knows 256 partitions of a disk. */
const LOGICAL_AT_MOST = 256

const PROTECTIVE = 0xee
const DYNAMIC = 0x42
const EXTENDED = new Set([0x05, 0x0f, 0x85])

export interface Mbr {
  /** Eight hexadecimal digits; undefined where there is none. */
  readonly diskId: string | undefined
  readonly partitions: readonly PartitionFacts[]
  /** One entry stands for a whole GPT. */
  readonly isProtective: boolean
  /** Windows keeps a database in the last megabyte, outside of all partitions. */
  readonly isDynamic: boolean
  readonly problems: readonly string[]
}

interface Entry {
  readonly place: number
  readonly bootable: boolean
  readonly type: number
  /** In sectors, from where the table counts. */
  readonly start: number
  readonly count: number
}

/** Undefined where the first sector holds no such table. */
export async function readMbr(disk: DiskReader): Promise<Mbr | undefined> {
  const sector = await disk.read(0, MBR_SECTOR)
  const entries = entriesOf(sector)
  if (!entries) return undefined
  const id = new DataView(sector.buffer, sector.byteOffset).getUint32(440, true)
  const partitions: PartitionFacts[] = []
  const problems: string[] = []
  for (const entry of entries.filter(({ type }) => type !== PROTECTIVE)) {
    const partition = factsOf(entry, entry.place + 1, entry.start)
    const isExtended = EXTENDED.has(entry.type)
    partitions.push(isExtended ? { ...partition, extended: true } : partition)
    if (isExtended) await readLogical(disk, entry, partitions, problems)
  }
  return {
    diskId: id === 0 ? undefined : id.toString(16).padStart(8, '0'),
    partitions,
    isProtective: entries.some(({ type }) => type === PROTECTIVE),
    isDynamic: entries.some(({ type }) => type === DYNAMIC),
    problems,
  }
}

/** The entries in use; undefined where these bytes are no table. */
function entriesOf(sector: Uint8Array): readonly Entry[] | undefined {
  if (sector[510] !== 0x55 || sector[511] !== 0xaa) return undefined
  const view = new DataView(sector.buffer, sector.byteOffset)
  const all = [0, 1, 2, 3].map((place) => {
    const at = TABLE + place * ENTRY
    return {
      place,
      status: view.getUint8(at),
      bootable: view.getUint8(at) === 0x80,
      type: view.getUint8(at + 4),
      start: view.getUint32(at + 8, true),
      count: view.getUint32(at + 12, true),
    }
  })
  if (all.some(({ status }) => status !== 0 && status !== 0x80)) return undefined
  return all.filter(({ type, count }) => type !== 0 && count > 0)
}

function factsOf({ bootable, type, count }: Entry, index: number, start: number): PartitionFacts {
  return {
    index,
    offset: start * MBR_SECTOR,
    length: count * MBR_SECTOR,
    type: mbrTypeName(type),
    typeCode: type.toString(16).padStart(2, '0'),
    ...(bootable && { bootable }),
  }
}

/** Each record of the chain tells of one partition, counted from itself, and of the next record, counted from the first. */
async function readLogical(
  disk: DiskReader,
  extended: Entry,
  partitions: PartitionFacts[],
  problems: string[],
): Promise<void> {
  const seen = new Set<number>()
  const logical = (): number => partitions.filter((one) => one.logical === true).length
  for (let record = extended.start; ;) {
    const place = record * MBR_SECTOR
    if (seen.has(record)) {
      problems.push('The chain of logical partitions runs in a circle: those behind it are not shown.')
      return
    }
    if (place >= disk.size) {
      problems.push(
        `The chain of logical partitions goes on at ${formatSize(place)}, beyond the end of the disk: those behind it are not shown.`,
      )
      return
    }
    if (logical() === LOGICAL_AT_MOST) {
      problems.push(`There are more than ${LOGICAL_AT_MOST} logical partitions: those behind them are not shown.`)
      return
    }
    seen.add(record)
    const entries = entriesOf(await disk.read(place, MBR_SECTOR))
    if (!entries) {
      problems.push(
        `The chain of logical partitions breaks off at ${formatSize(place)}: those behind it are not shown.`,
      )
      return
    }
    const own = entries.find(({ type }) => !EXTENDED.has(type))
    if (own) partitions.push({ ...factsOf(own, FIRST_LOGICAL + logical(), record + own.start), logical: true })
    const next = entries.find(({ type }) => EXTENDED.has(type))
    if (!next) return
    record = extended.start + next.start
  }
}
