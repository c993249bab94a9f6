// exFAT.

import { size64, u32, u8 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { MiB } from '../../model/units.ts'
import type { DiskReader } from '../disk-reader.ts'
import { countBits, decoded, filled, hasText, named, serialText, viewOf } from './probe.ts'

const BOOT = new Structure('exFAT boot sector', 'little', {
  sectors: size64(72),
  heap_sector: u32(88),
  clusters: u32(92),
  root_cluster: u32(96),
  serial: u32(100),
  sector_shift: u8(108),
  cluster_shift: u8(109),
})

const ENTRY = 32
const BITMAP_ENTRY = 0x81
const LABEL_ENTRY = 0x83
const LARGEST_DIRECTORY = 64 * 1024
const LARGEST_BITMAP = 16 * MiB

export async function probeExfat(head: Uint8Array, reader: DiskReader): Promise<FileSystemFacts | undefined> {
  if (!hasText(head, 3, 'EXFAT   ')) return undefined
  const boot = decoded(BOOT, head)
  if (!boot) return undefined
  const { sector_shift: sectorShift, cluster_shift: clusterShift, clusters } = boot
  if (sectorShift < 9 || sectorShift > 12 || clusterShift > 25 - sectorShift) return undefined
  const sector = 2 ** sectorShift
  const clusterSize = sector * 2 ** clusterShift
  const size = boot.sectors * sector
  const placeOf = (cluster: number): number => boot.heap_sector * sector + (cluster - 2) * clusterSize
  const rootStart = placeOf(boot.root_cluster)
  let label = ''
  let used: number | undefined
  const isInside = boot.root_cluster >= 2 && rootStart < reader.size
  const root = isInside ? await reader.read(rootStart, Math.min(clusterSize, LARGEST_DIRECTORY)) : new Uint8Array()
  const view = viewOf(root)
  for (let at = 0; at + ENTRY <= root.length && root[at] !== 0; at += ENTRY) {
    if (root[at] === LABEL_ENTRY) {
      const length = 2 * Math.min(11, root[at + 1] ?? 0)
      label = new TextDecoder('utf-16le').decode(root.subarray(at + 2, at + 2 + length))
    }
    // The first bitmap is the one in use.
    if (root[at] === BITMAP_ENTRY && used === undefined) {
      const bytes = Math.ceil(clusters / 8)
      const start = placeOf(view.getUint32(at + 20, true))
      if (bytes <= LARGEST_BITMAP && start >= 0 && start + bytes <= reader.size) {
        used = countBits(await reader.read(start, bytes)) * clusterSize
      }
    }
  }
  const free = used === undefined ? undefined : clusters * clusterSize - used
  return { kind: 'exfat', ...named(label, serialText(boot.serial)), ...filled(size, free) }
}
