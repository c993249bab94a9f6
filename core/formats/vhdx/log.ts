// The log: changes of tables that are complete in it, and may be only half done in their places.

import { crc32c } from '../../bytes/crc32c.ts'
import { MiB } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { NO_GUID } from '../../bytes/guid.ts'
import {
  DATA_DESCRIPTOR,
  DATA_DESCRIPTOR_SIGNATURE,
  DATA_SECTOR,
  DATA_SECTOR_SIGNATURE,
  DESCRIPTOR_SIZE,
  FIRST_DESCRIPTORS,
  LOG_ENTRY,
  LOG_ENTRY_SIGNATURE,
  LOG_SECTOR,
  MORE_DESCRIPTORS,
  ZERO_DESCRIPTOR,
  ZERO_DESCRIPTOR_SIGNATURE,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'

const CHECKSUM_AT = LOG_ENTRY.fields.checksum.offset
const WINDOW = MiB

/** One thing an entry does to the file. Offsets and lengths in bytes, as they are on disk: not yet held against anything. */
export type LogRecord =
  | { readonly kind: 'data'; readonly offset: bigint; readonly bytes: Uint8Array }
  | { readonly kind: 'zero'; readonly offset: bigint; readonly length: bigint }

/** An entry that is whole. */
export interface LogEntry {
  /** Sector of the log it starts in, and how many it has; it may go on at the log’s beginning. */
  readonly first: number
  readonly sectors: number
  readonly descriptors: number
  readonly sequence: bigint
  /** Sector of the oldest entry that was not done in its place yet when this one was written. */
  readonly tail: number
  /** Bytes of the file that were durable, and its length. */
  readonly flushedSize: bigint
  readonly lastSize: bigint
}

export class Log {
  readonly #storage: Storage
  readonly #offset: number
  readonly #guid: string
  readonly sectorCount: number
  #window = { first: 0, bytes: new Uint8Array(0) }

  constructor(storage: Storage, header: HeaderFields) {
    this.#storage = storage
    this.#offset = header.log_offset
    this.#guid = header.log_guid
    this.sectorCount = header.log_length / LOG_SECTOR
  }

  get isEmpty(): boolean {
    return this.#guid === NO_GUID
  }

  /**
   * The entries to be replayed, oldest first: those of the sequence that ends last. Empty when there is no whole one.
   * What is left of older sequences, and an entry that was torn, does not count.
   */
  async activeEntries(): Promise<readonly LogEntry[]> {
    const entries = new Map<number, LogEntry>()
    for (let first = 0; first < this.sectorCount; first += 1) {
      const entry = await this.#entryAt(first)
      if (entry) entries.set(first, entry)
    }
    const follower = (entry: LogEntry): LogEntry | undefined => {
      const next = entries.get((entry.first + entry.sectors) % this.sectorCount)
      return next?.sequence === entry.sequence + 1n ? next : undefined
    }
    const followers = new Set([...entries.values()].map(follower))
    let best: readonly LogEntry[] = []
    for (const start of entries.values()) {
      if (followers.has(start)) continue
      const sequence: LogEntry[] = []
      for (let entry: LogEntry | undefined = start; entry; entry = follower(entry)) sequence.push(entry)
      const last = sequence.at(-1)
      const tail = sequence.findIndex((entry) => entry.first === last?.tail)
      if (last && tail >= 0 && last.sequence > (best.at(-1)?.sequence ?? 0n)) best = sequence.slice(tail)
    }
    return best
  }

  /** What the entry does, in its order. */
  async *records(entry: LogEntry): AsyncGenerator<LogRecord> {
    let dataSector = entry.first + descriptorSectors(entry.descriptors)
    const place = { path: this.#storage.name, offset: this.#offset + entry.first * LOG_SECTOR }
    for (let index = 0; index < entry.descriptors; index += 1) {
      const [sector, at] = placeOfDescriptor(index)
      const bytes = (await this.#sector(entry.first + sector)).slice(at, at + DESCRIPTOR_SIZE)
      if (startsWith(bytes, ZERO_DESCRIPTOR_SIGNATURE)) {
        const { file_offset, zero_length } = ZERO_DESCRIPTOR.decode(bytes, place)
        yield { kind: 'zero', offset: file_offset, length: zero_length }
        continue
      }
      const { file_offset, leading_bytes, trailing_bytes } = DATA_DESCRIPTOR.decode(bytes, place)
      const data = (await this.#sector(dataSector)).slice()
      data.set(leading_bytes)
      data.set(trailing_bytes, LOG_SECTOR - trailing_bytes.length)
      dataSector += 1
      yield { kind: 'data', offset: file_offset, bytes: data }
    }
  }

  /**
   * An entry is looked at only as far as it makes sense. Its sectors cannot be the first ones of another entry as well,
   * so however many there claim to be, every sector is looked at twice at most.
   */
  async #entryAt(first: number): Promise<LogEntry | undefined> {
    const sector = await this.#sector(first)
    if (!startsWith(sector, LOG_ENTRY_SIGNATURE)) return undefined
    const bytes = sector.slice()
    const head = LOG_ENTRY.decode(bytes, { path: this.#storage.name, offset: this.#offset + first * LOG_SECTOR })
    const { entry_length, descriptor_count, sequence_number, tail } = head
    const sectors = entry_length / LOG_SECTOR
    const isWhole = Number.isInteger(sectors) && sectors > 0 && sectors <= this.sectorCount
    const isPlaced = tail % LOG_SECTOR === 0 && tail / LOG_SECTOR < this.sectorCount
    const before = descriptorSectors(descriptor_count)
    if (head.log_guid !== this.#guid || sequence_number === 0n) return undefined
    if (!isWhole || !isPlaced || before > sectors) return undefined
    new DataView(bytes.buffer).setUint32(CHECKSUM_AT, 0, true)
    let crc = 0
    let dataSectors = 0
    for (let index = 0; index < sectors; index += 1) {
      const part = index === 0 ? bytes : await this.#sector(first + index)
      if (index < before) {
        const found = countData(part, index, descriptor_count, sequence_number)
        if (found === undefined) return undefined
        dataSectors += found
      } else if (!isDataSector(part, sequence_number)) return undefined
      crc = crc32c(part, crc)
    }
    if (crc !== head.checksum || before + dataSectors !== sectors) return undefined
    return {
      first,
      sectors,
      descriptors: descriptor_count,
      sequence: sequence_number,
      tail: tail / LOG_SECTOR,
      flushedSize: head.flushed_file_offset,
      lastSize: head.last_file_offset,
    }
  }

  /** Valid until the next call. Behind the last sector comes the first one. */
  async #sector(index: number): Promise<Uint8Array> {
    const at = (index % this.sectorCount) * LOG_SECTOR
    if (at < this.#window.first || at >= this.#window.first + this.#window.bytes.length) {
      const first = Math.floor(at / WINDOW) * WINDOW
      const bytes = new Uint8Array(Math.min(WINDOW, this.sectorCount * LOG_SECTOR - first))
      await readPadded(this.#storage, this.#offset + first, bytes)
      this.#window = { first, bytes }
    }
    return this.#window.bytes.subarray(at - this.#window.first, at - this.#window.first + LOG_SECTOR)
  }
}

/** What a new entry is made of. */
export interface NewEntry {
  readonly guid: string
  readonly sequence: bigint
  readonly fileSize: number
  /** Sectors of the file as they are to be. */
  readonly sectors: readonly { readonly offset: number; readonly bytes: Uint8Array }[]
}

/** An entry for the start of a log that has no other. */
export function encodeEntry({ guid, sequence, fileSize, sectors }: NewEntry): Uint8Array {
  const bytes = new Uint8Array((descriptorSectors(sectors.length) + sectors.length) * LOG_SECTOR)
  bytes.set(
    LOG_ENTRY.encode({
      signature: LOG_ENTRY_SIGNATURE,
      checksum: 0,
      entry_length: bytes.length,
      tail: 0,
      sequence_number: sequence,
      descriptor_count: sectors.length,
      reserved: 0,
      log_guid: guid,
      flushed_file_offset: BigInt(fileSize),
      last_file_offset: BigInt(fileSize),
    }),
  )
  for (const [index, sector] of sectors.entries()) {
    const [of, at] = placeOfDescriptor(index)
    const descriptor = DATA_DESCRIPTOR.encode({
      signature: DATA_DESCRIPTOR_SIGNATURE,
      leading_bytes: sector.bytes.subarray(0, 8),
      trailing_bytes: sector.bytes.subarray(LOG_SECTOR - 4),
      file_offset: BigInt(sector.offset),
      sequence_number: sequence,
    })
    bytes.set(descriptor, of * LOG_SECTOR + at)
    const data = DATA_SECTOR.encode({
      signature: DATA_SECTOR_SIGNATURE,
      sequence_high: Number(sequence >> 32n),
      data: sector.bytes.subarray(8, LOG_SECTOR - 4),
      sequence_low: Number(sequence & 0xffff_ffffn),
    })
    bytes.set(data, (descriptorSectors(sectors.length) + index) * LOG_SECTOR)
  }
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, crc32c(bytes), true)
  return bytes
}

function descriptorSectors(descriptors: number): number {
  return 1 + Math.ceil(Math.max(0, descriptors - FIRST_DESCRIPTORS) / MORE_DESCRIPTORS)
}

/** Sector of the entry, and offset in it. */
function placeOfDescriptor(index: number): readonly [number, number] {
  const place = index + MORE_DESCRIPTORS - FIRST_DESCRIPTORS
  return [Math.floor(place / MORE_DESCRIPTORS), (place % MORE_DESCRIPTORS) * DESCRIPTOR_SIZE]
}

function startsWith(bytes: Uint8Array, signature: number): boolean {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === signature
}

/** How many of the descriptors in a sector are of data; undefined when one of them is none. */
function countData(sector: Uint8Array, index: number, descriptors: number, sequence: bigint): number | undefined {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.length)
  const first = index === 0 ? 0 : FIRST_DESCRIPTORS + (index - 1) * MORE_DESCRIPTORS
  const last = Math.min(descriptors, FIRST_DESCRIPTORS + index * MORE_DESCRIPTORS)
  let count = 0
  for (let descriptor = first; descriptor < last; descriptor += 1) {
    const [, at] = placeOfDescriptor(descriptor)
    const signature = view.getUint32(at, true)
    if (view.getBigUint64(at + 24, true) !== sequence) return undefined
    if (signature === DATA_DESCRIPTOR_SIGNATURE) count += 1
    else if (signature !== ZERO_DESCRIPTOR_SIGNATURE) return undefined
  }
  return count
}

function isDataSector(sector: Uint8Array, sequence: bigint): boolean {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.length)
  if (view.getUint32(0, true) !== DATA_SECTOR_SIGNATURE) return false
  return (BigInt(view.getUint32(4, true)) << 32n) + BigInt(view.getUint32(LOG_SECTOR - 4, true)) === sequence
}
