// F2FS.

import { bytes, size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { decoded, named, uuidText } from './probe.ts'

const OFFSET = 1024
const MAGIC = 0xf2_f5_20_10

const SUPERBLOCK = new Structure('F2FS superblock', 'little', {
  magic: u32(0),
  log_block_size: u32(16),
  blocks: size64(36),
  uuid: bytes(108, 16),
  label: bytes(124, 1024),
})

export function probeF2fs(head: Uint8Array): FileSystemFacts | undefined {
  const fields = decoded(SUPERBLOCK, head, OFFSET)
  if (fields?.magic !== MAGIC) return undefined
  if (fields.log_block_size < 9 || fields.log_block_size > 16) return undefined
  const label = new TextDecoder('utf-16le').decode(fields.label)
  return {
    kind: 'f2fs',
    ...named(label.split('\0')[0] ?? '', uuidText(fields.uuid)),
    size: fields.blocks * 2 ** fields.log_block_size,
  }
}
