// The structures of a GUID partition table.

import { size64, text, u32 } from '../bytes/field.ts'
import { guid } from '../bytes/guid.ts'
import { Structure } from '../bytes/structure.ts'
import type { ValuesOf } from '../bytes/structure.ts'

export const GPT_SIGNATURE = 'EFI PART'

/** Every address and size is in sectors. */
export const GPT_HEADER = new Structure('GPT header', 'little', {
  signature: text(0, 8),
  revision: u32(8),
  header_size: u32(12),
  header_crc: u32(16),
  own_sector: size64(24),
  other_sector: size64(32),
  first_usable: size64(40),
  last_usable: size64(48),
  disk_guid: guid(56),
  entries_sector: size64(72),
  entry_count: u32(80),
  entry_size: u32(84),
  entries_crc: u32(88),
})

export type GptHeader = ValuesOf<typeof GPT_HEADER>

export const GPT_ENTRY = new Structure(
  'GPT entry',
  'little',
  {
    type: guid(0),
    uuid: guid(16),
    first: size64(32),
    last: size64(40),
  },
  128,
)

/** UTF-16 in an entry. */
export const GPT_NAME = { offset: 56, length: 72 } as const

export const GPT_SECTOR_SIZES = [512, 4096] as const
