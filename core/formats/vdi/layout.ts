// The structures of a VDI file, and the limits a sane image keeps.

import { bytes, size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { KiB, MiB } from '../../model/units.ts'

export const SIGNATURE = 0xbe_da_10_7f
export const SIGNATURE_OFFSET = 64
export const VERSION = 0x1_0001

/** What stands in front of the fields whose length the header itself tells. */
export const PREHEADER_SIZE = 72
/** QEMU ends after the UUIDs; VirtualBox adds the geometry that a BIOS sees. */
export const SHORTEST_HEADER = 0x180
export const FULL_HEADER = 0x190

export const HEADER = new Structure(
  'VDI header',
  'little',
  {
    text: bytes(0, 64),
    signature: u32(SIGNATURE_OFFSET),
    version: u32(68),
    header_size: u32(72),
    image_type: u32(76),
    image_flags: u32(80),
    offset_bmap: u32(340),
    offset_data: u32(344),
    cylinders: u32(348),
    heads: u32(352),
    sectors: u32(356),
    sector_size: u32(360),
    disk_size: size64(368),
    block_size: u32(376),
    block_extra: u32(380),
    blocks_in_image: u32(384),
    blocks_allocated: u32(388),
    uuid_image: bytes(392, 16),
    uuid_last_snap: bytes(408, 16),
    uuid_link: bytes(424, 16),
    uuid_parent: bytes(440, 16),
    bios_cylinders: u32(456),
    bios_heads: u32(460),
    bios_sectors: u32(464),
    bios_sector_size: u32(468),
  },
  512,
)
export type HeaderFields = ValuesOf<typeof HEADER>

export const TYPE = { dynamic: 1, fixed: 2, undo: 3, differencing: 4 } as const

/** Entries of the block map: nothing was ever written there, or zeros were. */
export const FREE = 0xff_ff_ff_ff
export const ZERO = 0xff_ff_ff_fe
export const ENTRY_SIZE = 4

export const SECTOR = 512
/** As many as QEMU opens. */
export const MAX_BLOCKS = 0x1f_ff_ff_80
export const MIN_BLOCK_SIZE = 4 * KiB
export const MAX_BLOCK_SIZE = 64 * MiB
/** The only one QEMU opens, and what VirtualBox makes. */
export const USUAL_BLOCK_SIZE = MiB
