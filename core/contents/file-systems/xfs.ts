// XFS.

import { bytes, size64, text, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import { isPowerOfTwo } from '../../model/units.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { decoded, filled, hasText, named, uuidText } from './probe.ts'

const SUPERBLOCK = new Structure('XFS superblock', 'big', {
  block_size: u32(4),
  data_blocks: size64(8),
  uuid: bytes(32, 16),
  label: text(108, 12),
  free_data_blocks: size64(144),
})

export function probeXfs(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, 0, 'XFSB')) return undefined
  const fields = decoded(SUPERBLOCK, head)
  if (!fields) return undefined
  const { block_size: blockSize } = fields
  if (!isPowerOfTwo(blockSize) || blockSize < 512 || blockSize > 65_536) return undefined
  return {
    kind: 'xfs',
    ...named(fields.label, uuidText(fields.uuid)),
    ...filled(fields.data_blocks * blockSize, fields.free_data_blocks * blockSize),
  }
}
