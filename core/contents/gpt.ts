// Reading a GUID partition table: its two copies, which of them hold, and what they say.

import { crc32 } from 'node:zlib'
import { NO_GUID } from '../bytes/guid.ts'
import { SpindleError } from '../model/error.ts'
import type { PartitionFacts } from '../model/contents.ts'
import { MiB, roundUp } from '../model/units.ts'
import type { DiskReader } from './disk-reader.ts'
import { GPT_ENTRY, GPT_HEADER, GPT_NAME, GPT_SECTOR_SIZES, GPT_SIGNATURE } from './gpt-layout.ts'
import type { GptHeader } from './gpt-layout.ts'
import { gptTypeName } from './partition-types.ts'

/** 8,192 entries of 128 bytes: no tool makes as many. What claims more is no table. */
const LARGEST_TABLE = MiB

/** One of the two, and it holds. */
export interface GptCopy {
  readonly header: GptHeader
  /** The header's sector as it is. */
  readonly sector: Uint8Array
  readonly entries: Uint8Array
}

export interface Gpt {
  readonly sectorSize: number
  readonly primary: GptCopy | undefined
  /** Where the other says it is, or at the end of the disk. */
  readonly backup: GptCopy | undefined
}

/** Undefined where neither copy is there, not even damaged. Both may be damaged. */
export async function readGpt(disk: DiskReader): Promise<Gpt | undefined> {
  let hasSignature: number | undefined
  for (const sectorSize of GPT_SECTOR_SIZES) {
    const last = Math.floor(disk.size / sectorSize) - 1
    if (last < 2) continue
    const primary = await readCopy(disk, 1, sectorSize)
    const atEnd = await readCopy(disk, last, sectorSize)
    if (primary === 'damaged' || atEnd === 'damaged') hasSignature ??= sectorSize
    if (typeof primary === 'object') {
      const { other_sector: other } = primary.header
      const elsewhere = typeof atEnd !== 'object' && other <= last ? await readCopy(disk, other, sectorSize) : undefined
      const backup = [atEnd, elsewhere].find((copy) => typeof copy === 'object')
      return { sectorSize, primary, backup }
    }
    if (typeof atEnd === 'object') return { sectorSize, primary: undefined, backup: atEnd }
  }
  return hasSignature === undefined ? undefined : { sectorSize: hasSignature, primary: undefined, backup: undefined }
}

export function partitionsOf({ header, entries }: GptCopy, sectorSize: number): readonly PartitionFacts[] {
  const partitions: PartitionFacts[] = []
  for (let index = 0; index < header.entry_count; index += 1) {
    const bytes = entries.subarray(index * header.entry_size, (index + 1) * header.entry_size)
    if (bytes.subarray(0, 16).every((byte) => byte === 0)) continue
    const entry = sensible(() => GPT_ENTRY.decode(bytes, { path: GPT_ENTRY.title, offset: 0 }))
    if (!entry) continue
    const { offset, length } = GPT_NAME
    const name = new TextDecoder('utf-16le').decode(bytes.subarray(offset, offset + length)).split('\0')[0] ?? ''
    partitions.push({
      index: index + 1,
      offset: entry.first * sectorSize,
      length: (entry.last + 1 - entry.first) * sectorSize,
      type: gptTypeName(entry.type),
      typeCode: entry.type,
      ...(name !== '' && { name }),
      ...(entry.uuid !== NO_GUID && { uuid: entry.uuid }),
    })
  }
  return partitions.filter(({ length }) => length > 0)
}

/** Bytes behind the last partition that the copy at the end of the disk takes: its entries, and its header. */
export function backupSize({ header }: GptCopy, sectorSize: number): number {
  return roundUp(header.entry_count * header.entry_size, sectorSize) + sectorSize
}

/** The check sum of a header is made with its own field zero. */
export function headerCrc(sector: Uint8Array, headerSize: number): number {
  const header = sector.slice(0, headerSize)
  header.fill(0, GPT_HEADER.fields.header_crc.offset, GPT_HEADER.fields.header_crc.offset + 4)
  return crc32(header)
}

async function readCopy(disk: DiskReader, place: number, sectorSize: number): Promise<GptCopy | 'damaged' | undefined> {
  const sector = await disk.read(place * sectorSize, sectorSize)
  const signature = new TextDecoder('latin1').decode(sector.subarray(0, GPT_SIGNATURE.length))
  if (signature !== GPT_SIGNATURE) return undefined
  const header = sensible(() => GPT_HEADER.decode(sector, { path: GPT_HEADER.title, offset: 0 }))
  if (!header || !isSound(header, sector, place)) return 'damaged'
  const length = header.entry_count * header.entry_size
  const start = header.entries_sector * sectorSize
  if (length > LARGEST_TABLE || start + length > disk.size) return 'damaged'
  const entries = await disk.read(start, length)
  return crc32(entries) === header.entries_crc ? { header, sector, entries } : 'damaged'
}

function isSound(header: GptHeader, sector: Uint8Array, place: number): boolean {
  const { header_size: size, entry_size: entrySize } = header
  if (size < GPT_HEADER.size || size > sector.length) return false
  if (header.header_crc !== headerCrc(sector, size)) return false
  if (header.own_sector !== place || header.entry_count === 0) return false
  return entrySize >= GPT_ENTRY.size && entrySize <= 4096 && entrySize % 8 === 0
}

/** Undefined where numbers are past all sense. */
function sensible<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'invalid-image') return undefined
    throw error
  }
}
