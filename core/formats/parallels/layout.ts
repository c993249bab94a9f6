// The structures of a Parallels image as docs/interop/parallels names them, and the limits a sane image keeps.

import { bytes, size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { GiB, MiB } from '../../model/units.ts'

export const SECTOR = 512

/** The first tells sectors in its table, the second whole clusters. */
export const MAGIC = { old: 'WithoutFreeSpace', extended: 'WithouFreSpacExt' } as const
export const MAGIC_LENGTH = 16

export const HEADER = new Structure('Parallels header', 'little', {
  magic: bytes(0, MAGIC_LENGTH),
  version: u32(16),
  heads: u32(20),
  cylinders: u32(24),
  /** Sectors of a cluster. */
  tracks: u32(28),
  bat_entries: u32(32),
  sectors: size64(36),
  in_use: u32(44),
  data_offset: u32(48),
  flags: u32(52),
  extension_offset: size64(56),
})
export type HeaderFields = ValuesOf<typeof HEADER>

export const FORMAT_VERSION = 2
/** While a program has it open for writing. */
export const IN_USE = 0x74_6f_6e_59
export const NOT_IN_USE = 0

/** Of the block allocation table, which follows the header; 0 is a cluster of zeros. */
export const ENTRY_SIZE = 4

export const MAX_CLUSTER_SIZE = GiB
/** 16 million clusters: 16 TiB in those of 1 MiB that all programs make. */
export const MAX_TABLE_BYTES = 64 * MiB
