// How large an image will be: the arithmetic of tables, before anything is written.

import type { Measurement } from '../../image/driver.ts'
import type { BitmapFacts } from '../../model/image.ts'
import { roundUp } from '../../model/units.ts'
import { bitmapTableEntries } from './bitmaps.ts'
import { clustersFor, l1Bytes } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { BITMAP_ENTRY, BITMAP_TABLE_ENTRY_SIZE, REFCOUNT_TABLE_ENTRY_SIZE } from './layout.ts'
import type { Design } from './options.ts'

export interface CountTables {
  readonly blocks: number
  readonly tableClusters: number
}

/** Refcount blocks and table clusters that count `clusters` other clusters and themselves. */
export function countTablesFor(geometry: Geometry, clusters: number): CountTables {
  let blocks = 0
  let tableClusters = 0
  for (let counted = -1; counted !== clusters + blocks + tableClusters;) {
    counted = clusters + blocks + tableClusters
    blocks = Math.ceil(counted / geometry.countsPerBlock)
    tableClusters = clustersFor(blocks * REFCOUNT_TABLE_ENTRY_SIZE, geometry)
  }
  return { blocks, tableClusters }
}

/**
 * `required` and `fullyAllocated` are what `qemu-img measure` says; a new image is never longer. `initial` is what the
 * builder takes for an image without data.
 */
export function measureDesign(design: Design, data: number): Measurement {
  const { geometry, preallocation } = design
  const encryption = encryptionClusters(design)
  const { clusterSize, virtualSize } = geometry
  const disk = clustersFor(virtualSize, geometry) * clusterSize
  const l2Clusters = geometry.tableCount
  const l1Clusters = clustersFor(l1Bytes(l2Clusters), geometry)
  const full = withCounts(geometry, 1 + encryption + l2Clusters + l1Clusters + disk / clusterSize)
  const reserved = preallocation === 'falloc' || preallocation === 'full'
  const fullyAllocated = full * clusterSize
  return {
    required: reserved ? fullyAllocated : fullyAllocated - disk + Math.min(disk, roundUp(data, clusterSize)),
    fullyAllocated,
    initial: initialSize(design, reserved ? disk : 0),
  }
}

/** As if no part of them were empty. Undefined where there can be none. */
export function measureBitmaps({ geometry }: Design, bitmaps: readonly BitmapFacts[]): number | undefined {
  if (geometry.version < 3) return undefined
  const clusters = bitmaps.reduce((sum, { granularity }) => {
    const parts = bitmapTableEntries(geometry, granularity)
    return sum + parts + clustersFor(parts * BITMAP_TABLE_ENTRY_SIZE, geometry)
  }, 0)
  const directory = bitmaps.reduce((sum, { name }) => sum + roundUp(BITMAP_ENTRY.size + Buffer.byteLength(name), 8), 0)
  return (clusters + clustersFor(directory, geometry)) * geometry.clusterSize
}

function encryptionClusters({ geometry, encryption }: Design): number {
  return clustersFor(encryption?.length ?? 0, geometry)
}

function initialSize(design: Design, reserved: number): number {
  const { geometry, preallocation, dataFile } = design
  const { clusterSize, tableCount } = geometry
  const l1Clusters = clustersFor(l1Bytes(tableCount), geometry)
  const tables = preallocation === 'off' ? 0 : tableCount
  const placed = preallocation === 'off' || dataFile ? 0 : clustersFor(geometry.virtualSize, geometry)
  const clusters = withCounts(geometry, 1 + encryptionClusters(design) + l1Clusters + tables + placed)
  return (clusters - placed) * clusterSize + reserved
}

function withCounts(geometry: Geometry, clusters: number): number {
  const { blocks, tableClusters } = countTablesFor(geometry, clusters)
  return clusters + blocks + tableClusters
}
