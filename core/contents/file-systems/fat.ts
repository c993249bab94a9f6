// FAT12, FAT16 and FAT32.

import { u16, u32, u8 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { ValuesOf } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { MiB, isPowerOfTwo } from '../../model/units.ts'
import type { DiskReader } from '../disk-reader.ts'
import { decoded, filled, hasText, named, serialText, viewOf } from './probe.ts'

const BOOT = new Structure('FAT boot sector', 'little', {
  sector_size: u16(11),
  cluster_sectors: u8(13),
  reserved_sectors: u16(14),
  tables: u8(16),
  root_entries: u16(17),
  sectors_16: u16(19),
  media: u8(21),
  table_sectors_16: u16(22),
  sectors_32: u32(32),
  table_sectors_32: u32(36),
  root_cluster: u32(44),
  info_sector: u16(48),
})

/** Larger tables are not read: a FAT of this size has some four million clusters. */
const LARGEST_TABLE = 16 * MiB
const ENTRY = 32
const LARGEST_DIRECTORY = 64 * 1024

interface Layout {
  readonly kind: 'fat12' | 'fat16' | 'fat32'
  readonly boot: ValuesOf<typeof BOOT>
  /** Bytes. */
  readonly size: number
  readonly clusterSize: number
  readonly clusters: number
  readonly tableStart: number
  readonly rootStart: number
  readonly rootSize: number
}

export async function probeFat(head: Uint8Array, reader: DiskReader): Promise<FileSystemFacts | undefined> {
  const layout = layoutOf(head)
  if (!layout) return undefined
  const { kind, size, clusterSize } = layout
  const extended = kind === 'fat32' ? 67 : 39
  const serial = head[extended - 1] === 0x29 ? viewOf(head).getUint32(extended, true) : 0
  const free = await freeClusters(layout, reader)
  return {
    kind,
    ...named(await labelOf(layout, reader), serialText(serial)),
    ...filled(size, free === undefined ? undefined : free * clusterSize),
  }
}

function layoutOf(head: Uint8Array): Layout | undefined {
  const jumps = head[0] === 0xeb || head[0] === 0xe9
  if (!jumps || head[510] !== 0x55 || head[511] !== 0xaa || hasText(head, 3, 'NTFS    ')) return undefined
  const boot = decoded(BOOT, head)
  if (!boot) return undefined
  const { sector_size: sector, cluster_sectors: perCluster, reserved_sectors: reserved, tables } = boot
  if (!isPowerOfTwo(sector) || sector < 512 || sector > 4096 || !isPowerOfTwo(perCluster)) return undefined
  if (reserved === 0 || tables === 0 || tables > 4 || (boot.media < 0xf8 && boot.media !== 0xf0)) return undefined
  const isWide = boot.table_sectors_16 === 0
  const tableSectors = isWide ? boot.table_sectors_32 : boot.table_sectors_16
  const sectors = boot.sectors_16 === 0 ? boot.sectors_32 : boot.sectors_16
  const rootSectors = Math.ceil((boot.root_entries * ENTRY) / sector)
  const rootSector = reserved + tables * tableSectors
  const clusters = Math.floor((sectors - rootSector - rootSectors) / perCluster)
  if (tableSectors === 0 || clusters < 1) return undefined
  const clusterSize = perCluster * sector
  const dataStart = (rootSector + rootSectors) * sector
  return {
    kind: isWide ? 'fat32' : clusters < 4085 ? 'fat12' : 'fat16',
    boot,
    size: sectors * sector,
    clusterSize,
    clusters,
    tableStart: reserved * sector,
    rootStart: isWide ? dataStart + (boot.root_cluster - 2) * clusterSize : rootSector * sector,
    rootSize: isWide ? clusterSize : boot.root_entries * ENTRY,
  }
}

const INFO_SIGNATURE = 0x61_41_72_72
const UNKNOWN = 0xff_ff_ff_ff

async function freeClusters(layout: Layout, reader: DiskReader): Promise<number | undefined> {
  const { kind, boot, clusters, tableStart } = layout
  if (kind === 'fat32') {
    const info = viewOf(await reader.read(boot.info_sector * boot.sector_size, 512))
    const noted = info.getUint32(488, true)
    if (info.getUint32(484, true) === INFO_SIGNATURE && noted !== UNKNOWN) return noted
  }
  const bits = kind === 'fat32' ? 32 : kind === 'fat16' ? 16 : 12
  const tableSize = Math.ceil(((clusters + 2) * bits) / 8)
  if (tableSize > LARGEST_TABLE || tableStart + tableSize > reader.size) return undefined
  const table = viewOf(await reader.read(tableStart, tableSize + 1))
  let free = 0
  for (let cluster = 2; cluster < clusters + 2; cluster += 1) if (entryAt(table, cluster, bits) === 0) free += 1
  return free
}

function entryAt(table: DataView, cluster: number, bits: 12 | 16 | 32): number {
  if (bits === 32) return table.getUint32(cluster * 4, true) & 0x0f_ff_ff_ff
  if (bits === 16) return table.getUint16(cluster * 2, true)
  const pair = table.getUint16(cluster + (cluster >> 1), true)
  return (cluster & 1) === 0 ? pair & 0xfff : pair >> 4
}

const IS_LABEL = 0x08
const LONG_NAME = 0x0f
const DELETED = 0xe5

/** An entry of the root directory; what the boot sector holds may be an older one. */
async function labelOf({ kind, rootStart, rootSize, boot }: Layout, reader: DiskReader): Promise<string> {
  const inBoot = await reader.read(kind === 'fat32' ? 71 : 43, 11)
  const written = boot.root_entries === 0 && kind !== 'fat32' ? '' : latin(inBoot)
  if (rootStart < 0 || rootStart >= reader.size) return cleared(written)
  const root = await reader.read(rootStart, Math.min(rootSize, LARGEST_DIRECTORY))
  for (let at = 0; at + ENTRY <= root.length && root[at] !== 0; at += ENTRY) {
    const attributes = root[at + 11] ?? 0
    const isLabel = (attributes & IS_LABEL) !== 0 && (attributes & 0x3f) !== LONG_NAME && root[at] !== DELETED
    if (isLabel) return latin(root.subarray(at, at + 11))
  }
  return cleared(written)
}

function cleared(label: string): string {
  return label.trim() === 'NO NAME' ? '' : label
}

function latin(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes).split('\0')[0] ?? ''
}
