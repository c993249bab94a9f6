// What is where in a disk image of macOS (UDIF): a trailer, a property list, and in that the tables of its chunks.

import { size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { MiB } from '../../model/units.ts'

/** `koly`. */
export const MAGIC = 0x6b6f6c79
/** `mish`. */
export const TABLE_MAGIC = 0x6d697368
export const VERSION = 4
export const SECTOR = 512

/** The last bytes of the file. */
export const TRAILER = new Structure(
  'UDIF trailer',
  'big',
  {
    magic: u32(0),
    version: u32(4),
    header_size: u32(8),
    data_fork_offset: size64(24),
    data_fork_length: size64(32),
    plist_offset: size64(216),
    plist_length: size64(224),
    sector_count: size64(492),
  },
  512,
)
export type Trailer = ValuesOf<typeof TRAILER>

/** Of a run of sectors, a partition mostly; its entries follow. Sectors count from the start of the disk. */
export const TABLE = new Structure(
  'UDIF block table',
  'big',
  {
    magic: u32(0),
    first_sector: size64(8),
    sector_count: size64(16),
    data_start: size64(24),
    entry_count: u32(200),
  },
  204,
)

/** Sectors count from the table's first, places from the start of its data. */
export const ENTRY = new Structure('UDIF block entry', 'big', {
  kind: u32(0),
  first_sector: size64(8),
  sector_count: size64(16),
  offset: size64(24),
  length: size64(32),
})

export const KIND = {
  zero: 0,
  raw: 1,
  /** Nothing the disk needs; reads as zeros. */
  ignored: 2,
  comment: 0x7ffffffe,
  adc: 0x80000004,
  zlib: 0x80000005,
  bzip2: 0x80000006,
  lzfse: 0x80000007,
  lzma: 0x80000008,
  end: 0xffffffff,
} as const

/** What Spindle cannot unpack, by the name people know it under. */
export const UNKNOWN_PACKINGS: ReadonlyMap<number, string> = new Map([
  [KIND.adc, 'ADC'],
  [KIND.bzip2, 'bzip2'],
  [KIND.lzfse, 'LZFSE'],
  [KIND.lzma, 'LZMA'],
])

/** Bytes of property list and of one unpacked chunk, and chunks of one disk: beyond these it is no honest image. */
export const LARGEST_PLIST = 64 * MiB
export const LARGEST_CHUNK = 64 * MiB
export const MOST_CHUNKS = 4 * 1024 * 1024
