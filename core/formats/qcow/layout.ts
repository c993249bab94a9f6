// The structures of a qcow image of version 1, QEMU's format before qcow2, and the limits QEMU keeps.

import { size64, u32, u8 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { MiB } from '../../model/units.ts'

/** “QFI” and 0xfb; the version behind it tells it from qcow2. */
export const MAGIC = 0x51_46_49_fb

export const HEADER = new Structure('qcow header', 'big', {
  magic: u32(0),
  version: u32(4),
  backing_file_offset: size64(8),
  backing_file_size: u32(16),
  mtime: u32(20),
  size: size64(24),
  cluster_bits: u8(32),
  l2_bits: u8(33),
  crypt_method: u32(36),
  l1_table_offset: size64(40),
})
export type HeaderFields = ValuesOf<typeof HEADER>

export const CRYPT = { none: 0, aes: 1 } as const
export const ENTRY_SIZE = 8

export const MIN_CLUSTER_BITS = 9
export const MAX_CLUSTER_BITS = 16
export const MIN_L2_BITS = 6
export const MAX_L2_BITS = 13
export const MAX_BACKING_NAME = 1023
/** Of the L1 table: 16 TiB in what QEMU makes. */
export const MAX_L1_BYTES = 64 * MiB
