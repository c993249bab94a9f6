// Btrfs.

import { bytes, size64, text } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { decoded, hasText, named, uuidText } from './probe.ts'

const OFFSET = 64 * 1024

const SUPERBLOCK = new Structure('Btrfs superblock', 'little', {
  uuid: bytes(0x20, 16),
  bytes_used: size64(0x78),
  devices: size64(0x88),
  /** Of this one device; the whole may be on several. */
  device_size: size64(0xd1),
  label: text(0x12b, 256),
})

export function probeBtrfs(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, OFFSET + 0x40, '_BHRfS_M')) return undefined
  const fields = decoded(SUPERBLOCK, head, OFFSET)
  if (!fields) return undefined
  const isAlone = fields.devices === 1 && fields.bytes_used <= fields.device_size
  return {
    kind: 'btrfs',
    ...named(fields.label, uuidText(fields.uuid)),
    size: fields.device_size,
    ...(isAlone && { used: fields.bytes_used }),
  }
}
