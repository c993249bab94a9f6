// The structures of a QED file, and the limits a sane image keeps.

import { size64, u32, word64 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { KiB, MiB } from '../../model/units.ts'

/** “QED” and a zero. */
export const MAGIC = 0x00_44_45_51

export const HEADER = new Structure('QED header', 'little', {
  magic: u32(0),
  cluster_size: u32(4),
  /** In clusters, as is header_size. */
  table_size: u32(8),
  header_size: u32(12),
  features: word64(16),
  compat_features: word64(24),
  autoclear_features: word64(32),
  l1_table_offset: size64(40),
  image_size: size64(48),
  backing_filename_offset: u32(56),
  backing_filename_size: u32(60),
})
export type HeaderFields = ValuesOf<typeof HEADER>

export const FEATURE = {
  backing: 1n,
  /** Set while clusters are given out: who opens the image next must look at all tables before writing. */
  needCheck: 2n,
  /** The backing file is a raw disk, whatever it looks like. */
  rawBacking: 4n,
} as const

/** Entries of L2 tables beside offsets. */
export const FREE = 0
export const ZERO = 1
export const ENTRY_SIZE = 8

export const SECTOR = 512
export const MIN_CLUSTER_SIZE = 4 * KiB
export const MAX_CLUSTER_SIZE = 64 * MiB
export const MAX_TABLE_SIZE = 16
/** QEMU makes headers of one cluster. */
export const MAX_HEADER_CLUSTERS = 1024
export const MAX_BACKING_NAME = 1023
