// VHDX images with what no sound program would write into them: headers, regions, metadata, table entries and logs by name.

import { crc32c } from '../../core/bytes/crc32c.ts'
import { encodeEntry } from '../../core/formats/vhdx/bat.ts'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { Headers, encodeHeader } from '../../core/formats/vhdx/headers.ts'
import {
  BAT_REGION,
  DATA_DESCRIPTOR,
  DATA_DESCRIPTOR_SIGNATURE,
  DATA_SECTOR,
  DATA_SECTOR_SIGNATURE,
  FILE_FLAG,
  HEADER_OFFSETS,
  ITEM,
  LOCATOR,
  LOCATOR_ENTRY,
  LOG_ENTRY,
  LOG_ENTRY_SIGNATURE,
  METADATA_ENTRY,
  METADATA_FLAG,
  METADATA_REGION,
  METADATA_TABLE,
  REGION_TABLE_OFFSETS,
  VHDX_LOCATOR,
  ZERO_DESCRIPTOR,
  ZERO_DESCRIPTOR_SIGNATURE,
} from '../../core/formats/vhdx/layout.ts'
import type { HeaderFields } from '../../core/formats/vhdx/layout.ts'
import { encodeRegions } from '../../core/formats/vhdx/regions.ts'
import type { Region } from '../../core/formats/vhdx/regions.ts'
import { openDisk } from '../../core/image/chain.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from './memory-gate.ts'

export const BLOCK = MiB
/** Where the builder puts things when it is not told otherwise. */
export const LOG = MiB
export const METADATA = 2 * MiB
export const BAT = 3 * MiB
export const DATA = 4 * MiB
/** Of the metadata items, by what they say. */
export const ITEM_AT = {
  blockSize: METADATA + 64 * KiB,
  flags: METADATA + 64 * KiB + 4,
  virtualSize: METADATA + 64 * KiB + 8,
  logicalSector: METADATA + 64 * KiB + 32,
  physicalSector: METADATA + 64 * KiB + 36,
} as const

/** In the metadata region. */
const LOCATOR_AT = 80 * KiB
const SECTOR = 4 * KiB
const GUID = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'

/** An image whose blocks of 1 MiB hold the given letters; '.' is none. */
export async function vhdxOf(letters: string, options = {}): Promise<MemoryStorage> {
  const storage = new MemoryStorage('disk.vhdx')
  const spec = { virtualSize: letters.length * BLOCK, options: { block_size: BLOCK, ...options } }
  const builder = await vhdxDriver.build(storage, spec, new MemoryFolder())
  for (const [block, letter] of Array.from(letters).entries())
    if (letter !== '.') await storage.write(builder.place(block * BLOCK, BLOCK), Buffer.alloc(BLOCK, letter))
  await builder.finish()
  return storage
}

/** What the blocks of the disk hold, each by its first byte; '.' is zeros. */
export async function lettersOf(storage: Storage): Promise<string> {
  await using disk = await openDisk(storage, {
    drivers: [vhdxDriver],
    gate: new MemoryFolder(),
    format: 'vhdx',
    access: 'read',
  })
  const letters: string[] = []
  for (let at = 0; at < disk.size; at += BLOCK) {
    const byte = new Uint8Array(1)
    await disk.read(at, byte)
    letters.push(byte[0] === 0 ? '.' : String.fromCharCode(byte[0] ?? 0))
  }
  return letters.join('')
}

export async function headerOf(storage: Storage): Promise<HeaderFields> {
  return (await Headers.read(storage)).current
}

/** Both headers say this, and their checksums are right. */
export async function setHeaders(storage: Storage, values: Partial<HeaderFields>): Promise<void> {
  const header = { ...(await headerOf(storage)), ...values }
  for (const offset of HEADER_OFFSETS) await storage.write(offset, encodeHeader(header))
}

/** Both copies of the region table, with right checksums. */
export async function setRegions(storage: Storage, change: (regions: Region[]) => readonly Region[]): Promise<void> {
  const regions = [
    { guid: BAT_REGION, offset: BAT, length: MiB, required: true },
    { guid: METADATA_REGION, offset: METADATA, length: MiB, required: true },
  ]
  for (const offset of REGION_TABLE_OFFSETS) await storage.write(offset, encodeRegions(change(regions)))
}

export async function setNumber(storage: Storage, offset: number, size: 2 | 4 | 8, value: bigint): Promise<void> {
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setBigUint64(0, value, true)
  await storage.write(offset, new Uint8Array(bytes.buffer, 0, size))
}

export async function setEntry(storage: Storage, index: number, state: number, offset: number): Promise<void> {
  await setNumber(storage, BAT + index * 8, 8, encodeEntry(state, offset))
}

export interface LogRecordSpec {
  readonly offset: bigint
  /** 4 KiB, or left out for zeros. */
  readonly bytes?: Uint8Array
  readonly length?: bigint
}

export interface LogEntrySpec {
  readonly sequence: bigint
  /** In bytes from the start of the log. */
  readonly at: number
  readonly tail: number
  readonly records: readonly LogRecordSpec[]
  readonly guid?: string
  readonly flushedSize?: bigint
  readonly lastSize?: bigint
  readonly descriptorCount?: number
}

/** Puts entries into the log, and says in both headers that it is in use. Returns the length of each entry. */
export async function putLog(storage: Storage, entries: readonly LogEntrySpec[]): Promise<readonly number[]> {
  const { log_length } = await headerOf(storage)
  const size = BigInt(await storage.size())
  const lengths: number[] = []
  for (const entry of entries) {
    const bytes = encodeLogEntry(entry, size)
    for (let done = 0; done < bytes.length; done += SECTOR)
      await storage.write(LOG + ((entry.at + done) % log_length), bytes.subarray(done, done + SECTOR))
    lengths.push(bytes.length)
  }
  await setHeaders(storage, { log_guid: GUID })
  return lengths
}

function encodeLogEntry(entry: LogEntrySpec, size: bigint): Uint8Array {
  const { sequence, records } = entry
  const before = SECTOR * (1 + Math.ceil(Math.max(0, records.length - 126) / 128))
  const data = records.filter(({ bytes }) => bytes !== undefined)
  const bytes = new Uint8Array(before + SECTOR * data.length)
  bytes.set(
    LOG_ENTRY.encode({
      signature: LOG_ENTRY_SIGNATURE,
      checksum: 0,
      entry_length: bytes.length,
      tail: entry.tail,
      sequence_number: sequence,
      descriptor_count: entry.descriptorCount ?? records.length,
      reserved: 0,
      log_guid: entry.guid ?? GUID,
      flushed_file_offset: entry.flushedSize ?? size,
      last_file_offset: entry.lastSize ?? size,
    }),
  )
  for (const [index, record] of records.entries()) bytes.set(encodeDescriptor(record, sequence), 64 + 32 * index)
  for (const [index, { bytes: content }] of data.entries()) {
    const sector = DATA_SECTOR.encode({
      signature: DATA_SECTOR_SIGNATURE,
      sequence_high: Number(sequence >> 32n),
      data: (content ?? new Uint8Array(SECTOR)).subarray(8, SECTOR - 4),
      sequence_low: Number(sequence & 0xffff_ffffn),
    })
    bytes.set(sector, before + index * SECTOR)
  }
  new DataView(bytes.buffer).setUint32(4, crc32c(bytes), true)
  return bytes
}

function encodeDescriptor({ offset, bytes, length }: LogRecordSpec, sequence: bigint): Uint8Array {
  if (!bytes)
    return ZERO_DESCRIPTOR.encode({
      signature: ZERO_DESCRIPTOR_SIGNATURE,
      reserved: 0,
      zero_length: length ?? 0n,
      file_offset: offset,
      sequence_number: sequence,
    })
  return DATA_DESCRIPTOR.encode({
    signature: DATA_DESCRIPTOR_SIGNATURE,
    trailing_bytes: bytes.subarray(SECTOR - 4),
    leading_bytes: bytes.subarray(0, 8),
    file_offset: offset,
    sequence_number: sequence,
  })
}

/** Makes an image one that lies on another: its locator holds these texts. */
export async function setParent(storage: Storage, texts: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(texts)
  const parts: Uint8Array[] = []
  let at = LOCATOR.size + entries.length * LOCATOR_ENTRY.size
  const head = entries.map(([key, value]) => {
    const [keyBytes, valueBytes] = [utf16(key), utf16(value)]
    const entry = LOCATOR_ENTRY.encode({
      key_offset: at,
      value_offset: at + keyBytes.length,
      key_length: keyBytes.length,
      value_length: valueBytes.length,
    })
    at += keyBytes.length + valueBytes.length
    parts.push(keyBytes, valueBytes)
    return entry
  })
  const locator = LOCATOR.encode({ type: VHDX_LOCATOR, reserved: 0, count: entries.length })
  await storage.write(METADATA + LOCATOR_AT, Buffer.concat([locator, ...head, ...parts]))
  const item = { guid: ITEM.parentLocator, offset: LOCATOR_AT, length: at, flags: METADATA_FLAG.required }
  await storage.write(METADATA + METADATA_TABLE.size + 5 * METADATA_ENTRY.size, METADATA_ENTRY.encode(item))
  await setNumber(storage, METADATA + 10, 2, 6n)
  await setNumber(storage, ITEM_AT.flags, 4, BigInt(FILE_FLAG.hasParent))
}

function utf16(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le')
}
