// ext2, ext3 and ext4.

import { bytes, text, u16, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { decoded, filled, named, uuidText } from './probe.ts'

const OFFSET = 1024
const MAGIC = 0xef53

const SUPERBLOCK = new Structure('ext superblock', 'little', {
  blocks_low: u32(0x04),
  free_blocks_low: u32(0x0c),
  log_block_size: u32(0x18),
  magic: u16(0x38),
  compatible: u32(0x5c),
  incompatible: u32(0x60),
  read_only_compatible: u32(0x64),
  uuid: bytes(0x68, 16),
  label: text(0x78, 16),
  blocks_high: u32(0x150),
  free_blocks_high: u32(0x158),
})

const HAS_JOURNAL = 0x4
const IS_64_BIT = 0x80
/** What only ext4 has: extents, 64 bits, flexible groups and what came after them. */
const EXT4_INCOMPATIBLE = 0x40 | IS_64_BIT | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x10_000
const EXT4_READ_ONLY = 0x8 | 0x10 | 0x20 | 0x40 | 0x400

export function probeExt(head: Uint8Array): FileSystemFacts | undefined {
  const fields = decoded(SUPERBLOCK, head, OFFSET)
  if (!fields || fields.magic !== MAGIC || fields.log_block_size > 6 || fields.blocks_low + fields.blocks_high === 0) {
    return undefined
  }
  const blockSize = 1024 << fields.log_block_size
  const isWide = (fields.incompatible & IS_64_BIT) !== 0
  const count = (low: number, high: number): number => blockSize * (low + (isWide ? high * 2 ** 32 : 0))
  return {
    kind: kindOf(fields),
    ...named(fields.label, uuidText(fields.uuid)),
    ...filled(count(fields.blocks_low, fields.blocks_high), count(fields.free_blocks_low, fields.free_blocks_high)),
  }
}

function kindOf(fields: {
  readonly compatible: number
  readonly incompatible: number
  readonly read_only_compatible: number
}): 'ext2' | 'ext3' | 'ext4' {
  const { compatible, incompatible, read_only_compatible: readOnly } = fields
  if ((incompatible & EXT4_INCOMPATIBLE) !== 0 || (readOnly & EXT4_READ_ONLY) !== 0) return 'ext4'
  return (compatible & HAS_JOURNAL) !== 0 ? 'ext3' : 'ext2'
}
