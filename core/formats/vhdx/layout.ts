// What is where in a VHDX file: structures as field tables, and the format's limits.

import { bytes, size64, u16, u32, word64 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { KiB, MiB, TiB } from '../../model/units.ts'
import { guid } from '../../bytes/guid.ts'

/** Everything behind the headers starts on a multiple of this and is a multiple of it long. */
export const ALIGNMENT = MiB

export const FILE_IDENTIFIER_SIZE = 520
export const FILE_SIGNATURE = 'vhdxfile'

export const HEADER_OFFSETS = [64 * KiB, 128 * KiB] as const
export const HEADER_SIZE = 4 * KiB
export const REGION_TABLE_OFFSETS = [192 * KiB, 256 * KiB] as const
export const REGION_TABLE_SIZE = 64 * KiB
/** Where the headers end: the log never changes what lies before. */
export const HEADERS_END = 192 * KiB

export const HEADER_SIGNATURE = 0x6461_6568
export const HEADER_VERSION = 1

export const HEADER = new Structure(
  'VHDX header',
  'little',
  {
    signature: u32(0),
    checksum: u32(4),
    sequence_number: word64(8),
    file_write_guid: guid(16),
    data_write_guid: guid(32),
    log_guid: guid(48),
    log_version: u16(64),
    version: u16(66),
    log_length: u32(68),
    log_offset: size64(72),
  },
  HEADER_SIZE,
)
export type HeaderFields = ValuesOf<typeof HEADER>

export const REGION_SIGNATURE = 0x6967_6572
export const MAX_REGIONS = 2047

export const REGION_TABLE = new Structure('VHDX region table', 'little', {
  signature: u32(0),
  checksum: u32(4),
  entry_count: u32(8),
  reserved: u32(12),
})
export const REGION_ENTRY = new Structure('VHDX region entry', 'little', {
  guid: guid(0),
  offset: size64(16),
  length: u32(24),
  required: u32(28),
})
export const BAT_REGION = '2dc27766-f623-4200-9d64-115e9bfd4a08'
export const METADATA_REGION = '8b7ca206-4790-4b9a-b8fe-575f050f886e'

export const METADATA_SIGNATURE = 0x6174_6164_6174_656dn
export const METADATA_TABLE_SIZE = 64 * KiB
export const MAX_METADATA_ITEMS = 2047

export const METADATA_TABLE = new Structure(
  'VHDX metadata table',
  'little',
  { signature: word64(0), entry_count: u16(10) },
  32,
)
export const METADATA_ENTRY = new Structure(
  'VHDX metadata entry',
  'little',
  { guid: guid(0), offset: u32(16), length: u32(20), flags: u32(24) },
  32,
)
export const METADATA_FLAG = { user: 1, virtualDisk: 2, required: 4 } as const

export const ITEM = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  virtualDiskSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  virtualDiskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSectorSize: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSectorSize: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const

export const FILE_PARAMETERS = new Structure('file parameters', 'little', { block_size: u32(0), flags: u32(4) })
export const FILE_FLAG = { leaveBlocksAllocated: 1, hasParent: 2 } as const
export const VIRTUAL_DISK_SIZE = new Structure('virtual disk size', 'little', { size: size64(0) })
export const VIRTUAL_DISK_ID = new Structure('virtual disk id', 'little', { id: guid(0) })
export const SECTOR_SIZE = new Structure('sector size', 'little', { size: u32(0) })

export const LOCATOR = new Structure('parent locator', 'little', { type: guid(0), reserved: u16(16), count: u16(18) })
export const LOCATOR_ENTRY = new Structure('parent locator entry', 'little', {
  key_offset: u32(0),
  value_offset: u32(4),
  key_length: u16(8),
  value_length: u16(10),
})
export const VHDX_LOCATOR = 'b04aefb7-d19e-4a81-b789-25b8e9445913'

export const MIN_BLOCK_SIZE = MiB
export const MAX_BLOCK_SIZE = 256 * MiB
export const MAX_VIRTUAL_SIZE = 64 * TiB
/** Far more than a full disk and its tables take. */
export const MAX_FILE_SIZE = 128 * TiB

export const LOG_SECTOR = 4 * KiB
export const LOG_ENTRY_SIGNATURE = 0x6567_6f6c
export const DESCRIPTOR_SIZE = 32
/** In the first sector of an entry, behind its header. */
export const FIRST_DESCRIPTORS = 126
export const MORE_DESCRIPTORS = 128

export const LOG_ENTRY = new Structure('log entry', 'little', {
  signature: u32(0),
  checksum: u32(4),
  entry_length: u32(8),
  tail: u32(12),
  sequence_number: word64(16),
  descriptor_count: u32(24),
  reserved: u32(28),
  log_guid: guid(32),
  flushed_file_offset: word64(48),
  last_file_offset: word64(56),
})
export const DATA_DESCRIPTOR_SIGNATURE = 0x6373_6564
export const DATA_DESCRIPTOR = new Structure('log data descriptor', 'little', {
  signature: u32(0),
  trailing_bytes: bytes(4, 4),
  leading_bytes: bytes(8, 8),
  file_offset: word64(16),
  sequence_number: word64(24),
})
export const ZERO_DESCRIPTOR_SIGNATURE = 0x6f72_657a
export const ZERO_DESCRIPTOR = new Structure('log zero descriptor', 'little', {
  signature: u32(0),
  reserved: u32(4),
  zero_length: word64(8),
  file_offset: word64(16),
  sequence_number: word64(24),
})
export const DATA_SECTOR_SIGNATURE = 0x6174_6164
/** Bytes of a data sector that are data; its descriptor has those before and behind. */
export const DATA_SECTOR = new Structure(
  'log data sector',
  'little',
  { signature: u32(0), sequence_high: u32(4), data: bytes(8, 4084), sequence_low: u32(4092) },
  LOG_SECTOR,
)

/** What the table of blocks says of one of them; the low three bits of its entry. */
export const BLOCK = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  /** As QEMU wrote it before the format was final. */
  unmappedOld: 5,
  present: 6,
  partial: 7,
} as const
/** The same for a bitmap of sectors. */
export const BITMAP = { notPresent: 0, present: 6 } as const

export const BAT_ENTRY_SIZE = 8
/** Sectors of the disk that one bitmap of 1 MiB speaks for. */
export const SECTORS_PER_BITMAP = 2 ** 23
