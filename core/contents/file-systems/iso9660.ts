// ISO 9660: disc images, also those that carry a partition table as well.

import { text, u16, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { decoded, hasText, named } from './probe.ts'

const OFFSET = 32 * 1024

const DESCRIPTOR = new Structure('ISO 9660 volume descriptor', 'little', {
  label: text(40, 32),
  blocks: u32(80),
  block_size: u16(128),
  modified: text(830, 16),
})

export function probeIso9660(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, OFFSET, '\x01CD001')) return undefined
  const fields = decoded(DESCRIPTOR, head, OFFSET)
  if (!fields) return undefined
  const size = fields.blocks * fields.block_size
  // Systems know a disc by when it was last changed.
  const date = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(fields.modified)?.slice(1).join('-')
  return { kind: 'iso9660', ...named(fields.label, date), size, used: size }
}
