// The structures of a VHD file as Microsoft's specification names them, and the limits a sane image keeps.

import { bytes, size64, u16, u32, u8, word64 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { GiB, KiB, MiB, TiB } from '../../model/units.ts'

export const SECTOR = 512

/** “conectix”. */
export const FOOTER_COOKIE = 0x63_6f_6e_65_63_74_69_78n
/** “cxsparse”. */
export const HEADER_COOKIE = 0x63_78_73_70_61_72_73_65n
/** What stands for “none” in fields of 64 bits. */
export const NOWHERE = 0xff_ff_ff_ff_ff_ff_ff_ffn

export const DISK_TYPE = { fixed: 2, dynamic: 3, differencing: 4 } as const

/** The last sector of every file; dynamic and differencing ones have a copy of it in the first. */
export const FOOTER = new Structure(
  'VHD footer',
  'big',
  {
    cookie: word64(0),
    features: u32(8),
    version: u32(12),
    data_offset: word64(16),
    timestamp: u32(24),
    creator_application: bytes(28, 4),
    creator_version: u32(32),
    creator_host: bytes(36, 4),
    original_size: size64(40),
    current_size: size64(48),
    cylinders: u16(56),
    heads: u8(58),
    sectors_per_track: u8(59),
    disk_type: u32(60),
    checksum: u32(64),
    unique_id: bytes(68, 16),
    saved_state: u8(84),
  },
  SECTOR,
)
export type FooterFields = ValuesOf<typeof FOOTER>

/** Of dynamic and differencing disks. */
export const DYNAMIC_HEADER = new Structure(
  'VHD dynamic header',
  'big',
  {
    cookie: word64(0),
    data_offset: word64(8),
    table_offset: size64(16),
    version: u32(24),
    max_table_entries: u32(28),
    block_size: u32(32),
    checksum: u32(36),
    parent_unique_id: bytes(40, 16),
    parent_timestamp: u32(56),
    parent_name: bytes(64, 512),
  },
  2 * SECTOR,
)
export type DynamicHeaderFields = ValuesOf<typeof DYNAMIC_HEADER>

/** Eight of them in the dynamic header: where to find names of the parent, each as one kind of system writes it. */
export const PARENT_LOCATOR = new Structure('VHD parent locator', 'big', {
  platform_code: u32(0),
  data_space: u32(4),
  data_length: u32(8),
  reserved: u32(12),
  data_offset: size64(16),
})
export const LOCATORS_OFFSET = 576
export const LOCATOR_COUNT = 8

/** The codes of parent locators, four letters each. */
export const PLATFORM = {
  windowsRelative: 0x57_32_72_75,
  windowsAbsolute: 0x57_32_6b_75,
  macUrl: 0x4d_61_63_58,
} as const
/** A name longer than this is none. */
export const MAX_LOCATOR_LENGTH = 64 * KiB

export const FORMAT_VERSION = 0x0001_0000
/** Reserved, and always set. */
export const FEATURES = 2
/** Seconds from 1970 to 2000, where the clock of this format starts. */
export const EPOCH = 946_684_800

/** Of the block allocation table: the sector where a block begins, or that there is none. */
export const ENTRY_SIZE = 4
export const UNALLOCATED = 0xffff_ffff
export const BLOCK_SIZE = 2 * MiB
export const MIN_BLOCK_SIZE = 4 * KiB
export const MAX_BLOCK_SIZE = 256 * MiB

/** Of dynamic disks: sectors are counted in 32 bits. QEMU reads no larger fixed ones either; Azure takes them. */
export const MAX_VIRTUAL_SIZE = 2040 * GiB
export const MAX_FIXED_SIZE = 64 * TiB
/** The geometry at its largest says “look at the size instead”. */
export const MAX_GEOMETRY_SECTORS = 65_535 * 16 * 255
export const MAX_GEOMETRY = { cylinders: 65_535, heads: 16, sectorsPerTrack: 255 } as const
