// What Windows puts on a partition besides NTFS and FAT: ReFS, and BitLocker's envelope.

import { size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { decoded, hasText } from './probe.ts'

const REFS = new Structure('ReFS boot sector', 'little', { sectors: size64(0x18), sector_size: u32(0x20) })

export function probeRefs(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, 3, 'ReFS\0') || !hasText(head, 16, 'FSRS')) return undefined
  const boot = decoded(REFS, head)
  if (!boot) return undefined
  const { sectors, sector_size: sector } = boot
  return { kind: 'refs', ...(sector >= 512 && sector <= 4096 && { size: sectors * sector }) }
}

export function probeBitlocker(head: Uint8Array): FileSystemFacts | undefined {
  return hasText(head, 3, '-FVE-FS-') ? { kind: 'bitlocker' } : undefined
}
