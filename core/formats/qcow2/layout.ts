// The structures of a qcow2 file as docs/interop/qcow2 names them, and the limits a sane image keeps.

import { bytes, size64, text, u16, u32, u8, word64 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import { MiB } from '../../model/units.ts'

/** “QFI” and 0xfb. */
export const MAGIC = 0x51_46_49_fb

/** Version 2 ends after `snapshots_offset`; what it lacks is zero, but for `refcount_order` 4. */
export const HEADER = new Structure('qcow2 header', 'big', {
  magic: u32(0),
  version: u32(4),
  backing_file_offset: size64(8),
  backing_file_size: u32(16),
  cluster_bits: u32(20),
  size: size64(24),
  crypt_method: u32(32),
  l1_size: u32(36),
  l1_table_offset: size64(40),
  refcount_table_offset: size64(48),
  refcount_table_clusters: u32(56),
  nb_snapshots: u32(60),
  snapshots_offset: size64(64),
  incompatible_features: word64(72),
  compatible_features: word64(80),
  autoclear_features: word64(88),
  refcount_order: u32(96),
  header_length: u32(100),
  compression_type: u8(104),
  padding: bytes(105, 7),
})
export type HeaderFields = ValuesOf<typeof HEADER>

export const HEADER_LENGTH_V2 = 72
/** Up to and including `header_length`: what every version 3 header has. */
export const HEADER_LENGTH_V3 = 104

export const INCOMPATIBLE = { dirty: 1n, corrupt: 2n, externalData: 4n, compression: 8n, extendedL2: 16n } as const
export const COMPATIBLE = { lazyRefcounts: 1n } as const
export const AUTOCLEAR = { bitmaps: 1n, rawExternalData: 2n } as const

export const CRYPT = { none: 0, aes: 1, luks: 2 } as const

export const EXTENSION_HEAD = new Structure('qcow2 header extension', 'big', { type: u32(0), length: u32(4) })

export const EXTENSION = {
  end: 0,
  backingFormat: 0xe2_79_2a_ca,
  featureNames: 0x68_03_f8_57,
  bitmaps: 0x23_85_28_75,
  encryption: 0x05_37_be_77,
  dataFile: 0x44_41_54_41,
} as const

export const FEATURE_NAME = new Structure('qcow2 feature name', 'big', { type: u8(0), bit: u8(1), name: text(2, 46) })

export const ENCRYPTION_POINTER = new Structure('qcow2 encryption header pointer', 'big', {
  offset: size64(0),
  length: size64(8),
})

export const BITMAPS_EXTENSION = new Structure('qcow2 bitmaps extension', 'big', {
  nb_bitmaps: u32(0),
  reserved: u32(4),
  bitmap_directory_size: size64(8),
  bitmap_directory_offset: size64(16),
})
export type BitmapsExtension = ValuesOf<typeof BITMAPS_EXTENSION>

/** Followed by extra data and the name, padded to 8 bytes. */
export const BITMAP_ENTRY = new Structure('qcow2 bitmap directory entry', 'big', {
  bitmap_table_offset: size64(0),
  bitmap_table_size: u32(8),
  flags: u32(12),
  type: u8(16),
  granularity_bits: u8(17),
  name_size: u16(18),
  extra_data_size: u32(20),
})

/** Followed by extra data, id and name, padded to 8 bytes. */
export const SNAPSHOT_ENTRY = new Structure('qcow2 snapshot table entry', 'big', {
  l1_table_offset: size64(0),
  l1_size: u32(8),
  id_str_size: u16(12),
  name_size: u16(14),
  date_sec: u32(16),
  date_nsec: u32(20),
  vm_clock_nsec: word64(24),
  vm_state_size: u32(32),
  extra_data_size: u32(36),
})

export const SNAPSHOT_EXTRA = new Structure('qcow2 snapshot extra data', 'big', {
  vm_state_size_large: size64(0),
  disk_size: size64(8),
  icount: word64(16),
})

export const L1_ENTRY_SIZE = 8
export const REFCOUNT_TABLE_ENTRY_SIZE = 8
export const BITMAP_TABLE_ENTRY_SIZE = 8

/** QEMU's limits: what is past them is refused there, so no image of use is past them. */
export const MIN_CLUSTER_BITS = 9
export const MAX_CLUSTER_BITS = 21
/** With extended L2 a cluster has 32 parts, and a part is at least a sector. */
export const MIN_EXTENDED_CLUSTER_BITS = 14
export const SUBCLUSTERS = 32
export const MAX_REFCOUNT_ORDER = 6
export const MAX_L1_BYTES = 32 * MiB
export const MAX_REFCOUNT_TABLE_BYTES = 8 * MiB
export const MAX_BACKING_NAME = 1023
export const MAX_BACKING_FORMAT = 15
export const MAX_SNAPSHOTS = 65_536
export const MAX_SNAPSHOT_TABLE_BYTES = 64 * MiB
export const MAX_SNAPSHOT_EXTRA = 1024
export const MAX_BITMAPS = 65_535
export const MAX_BITMAP_DIRECTORY_BYTES = 1024 * MAX_BITMAPS
export const MAX_BITMAP_NAME = 1023
export const MAX_BITMAP_TABLE_ENTRIES = 0x800_0000
export const MAX_BITMAP_BYTES = 512 * MiB
export const MIN_BITMAP_GRANULARITY_BITS = 9
export const MAX_BITMAP_GRANULARITY_BITS = 31
