// What macOS puts on a partition: APFS and HFS+.

import { bytes, size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { isPowerOfTwo } from '../../model/units.ts'
import { decoded, filled, hasText, named, uuidText } from './probe.ts'

const CONTAINER = new Structure('APFS superblock', 'little', {
  block_size: u32(36),
  blocks: size64(40),
  uuid: bytes(72, 16),
})

export function probeApfs(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, 32, 'NXSB')) return undefined
  const fields = decoded(CONTAINER, head)
  if (!fields || !isPowerOfTwo(fields.block_size) || fields.block_size < 4096 || fields.block_size > 65_536)
    return undefined
  return { kind: 'apfs', ...named('', uuidText(fields.uuid)), size: fields.block_size * fields.blocks }
}

const OFFSET = 1024

const HFS_VOLUME = new Structure('HFS+ volume header', 'big', {
  block_size: u32(40),
  blocks: u32(44),
  free_blocks: u32(48),
})

export function probeHfsPlus(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, OFFSET, 'H+\0\x04') && !hasText(head, OFFSET, 'HX\0\x05')) return undefined
  const fields = decoded(HFS_VOLUME, head, OFFSET)
  if (!fields || !isPowerOfTwo(fields.block_size) || fields.block_size < 512) return undefined
  return { kind: 'hfsplus', ...filled(fields.blocks * fields.block_size, fields.free_blocks * fields.block_size) }
}
