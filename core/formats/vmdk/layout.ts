// What VMDK files look like on disk: headers, markers and the numbers in them. All little endian, in sectors of 512 bytes.

import { bytes, size64, u16, u32, u8, word64 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'

export const SECTOR = 512

/** `KDMV`: a sparse extent of hosted products. */
export const SPARSE_MAGIC = 0x564d444b
/** `COWD`: a sparse extent of old ESX servers. */
export const COWD_MAGIC = 0x44574f43

export const SPARSE_HEADER = new Structure(
  'sparse extent header',
  'little',
  {
    magic: u32(0),
    version: u32(4),
    flags: u32(8),
    capacity: word64(12),
    grain_size: word64(20),
    descriptor_offset: size64(28),
    descriptor_size: size64(36),
    entries_per_table: u32(44),
    redundant_directory: word64(48),
    directory: word64(56),
    overhead: word64(64),
    unclean_shutdown: u8(72),
    newlines: bytes(73, 4),
    compression: u16(77),
  },
  SECTOR,
)
export type SparseHeader = ValuesOf<typeof SPARSE_HEADER>

/** As text transfer would damage them: LF, blank, CR LF. */
export const NEWLINES = new Uint8Array([0x0a, 0x20, 0x0d, 0x0a])

export const FLAG = {
  newlines: 1,
  redundantTables: 2,
  zeroGrains: 4,
  compressed: 0x1_0000,
  markers: 0x2_0000,
} as const

export const COMPRESSION_DEFLATE = 1

/** The directory is told by a copy of the header at the end of the file. */
export const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn

export const TABLE_ENTRIES = 512
export const TABLE_BYTES = TABLE_ENTRIES * 4
export const GRAIN_SIZE = 64 * 1024
/** Sectors set aside for the descriptor inside a sparse extent. */
export const DESCRIPTOR_SECTORS = 20

/** In front of a packed grain: its first sector on the disk, and how many bytes of stream follow. */
export const GRAIN_MARKER = new Structure('grain marker', 'little', { sector: size64(0), length: u32(8) })
/** In front of anything else: sectors that follow, a 0, and what they are. */
export const METADATA_MARKER = new Structure(
  'marker',
  'little',
  { sectors: size64(0), length: u32(8), kind: u32(12) },
  SECTOR,
)
export const MARKER = { endOfStream: 0, grainTable: 1, directory: 2, footer: 3 } as const

export const COWD_HEADER = new Structure(
  'COWD header',
  'little',
  {
    magic: u32(0),
    version: u32(4),
    flags: u32(8),
    capacity: u32(12),
    grain_size: u32(16),
    directory: u32(20),
    directory_entries: u32(24),
  },
  SECTOR,
)
export const COWD_TABLE_ENTRIES = 4096

export const SE_MAGIC = 0xcafebaben
export const SE_VERSION = 0x2_0000_0001n
export const SE_HEADER = new Structure(
  'seSparse header',
  'little',
  {
    magic: word64(0),
    version: word64(8),
    capacity: word64(16),
    grain_size: word64(24),
    table_size: word64(32),
    flags: word64(40),
    volatile_header: size64(80),
    directory: size64(128),
    directory_size: size64(136),
    tables: size64(144),
    tables_size: size64(152),
    grains: size64(192),
  },
  SECTOR,
)
export const SE_VOLATILE_MAGIC = 0xcafecafen
export const SE_VOLATILE = new Structure('volatile header of a seSparse extent', 'little', {
  magic: word64(0),
  replay_journal: u8(24),
})

export const NO_PARENT = 'ffffffff'
/** More extents than a disk of 2 TiB in pieces of 2 GiB has are refused. */
export const MAX_EXTENTS = 1024
/** Bytes. */
export const MAX_DESCRIPTOR = 1024 * 1024
/** Bytes of one directory: enough for any disk whose tables can be addressed at all. */
export const MAX_DIRECTORY = 32 * 1024 * 1024
/** Sectors of one grain at most. */
export const MAX_GRAIN = 128 * 1024
/** Bytes: entries are 32-bit sectors. */
export const LARGEST_FILE = 2 ** 32 * SECTOR
/** What an extent of a split disk holds at most. */
export const SPLIT_SIZE = 2 * 1024 * 1024 * 1024
