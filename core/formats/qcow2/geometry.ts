// The sizes that follow from a header: how guest offsets are cut into L1 entries, L2 entries and subclusters.

import { INCOMPATIBLE, L1_ENTRY_SIZE, SUBCLUSTERS } from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** All sizes and spans in bytes. */
export interface Geometry {
  readonly version: number
  readonly virtualSize: number
  readonly clusterBits: number
  readonly clusterSize: number
  /** Parts of a cluster with a state of their own: 32 with extended L2, otherwise the cluster is its only part. */
  readonly subclusters: number
  readonly subclusterSize: number
  /** A bit for each of them. */
  readonly allSubclusters: number
  /** Of one L2 entry: 8, or 16 with extended L2. */
  readonly entrySize: number
  readonly entriesPerTable: number
  /** Guest bytes one L2 table speaks for. */
  readonly tableSpan: number
  /** L1 entries the disk needs; what lies above them is saved machine state. */
  readonly tableCount: number
  readonly refcountBits: number
  /** Clusters one refcount block counts. */
  readonly countsPerBlock: number
  /** Guest data lies in a file of its own, at the guest's offsets. */
  readonly externalData: boolean
}

export function geometryOf(
  header: Pick<HeaderFields, 'version' | 'size' | 'cluster_bits' | 'refcount_order' | 'incompatible_features'>,
): Geometry {
  const extended = (header.incompatible_features & INCOMPATIBLE.extendedL2) !== 0n
  const clusterSize = 2 ** header.cluster_bits
  const subclusters = extended ? SUBCLUSTERS : 1
  const entrySize = extended ? 16 : 8
  const entriesPerTable = clusterSize / entrySize
  const tableSpan = entriesPerTable * clusterSize
  const refcountBits = 2 ** header.refcount_order
  return {
    version: header.version,
    virtualSize: header.size,
    clusterBits: header.cluster_bits,
    clusterSize,
    subclusters,
    subclusterSize: clusterSize / subclusters,
    allSubclusters: 2 ** subclusters - 1,
    entrySize,
    entriesPerTable,
    tableSpan,
    tableCount: Math.ceil(header.size / tableSpan),
    refcountBits,
    countsPerBlock: (clusterSize * 8) / refcountBits,
    externalData: (header.incompatible_features & INCOMPATIBLE.externalData) !== 0n,
  }
}

export function clustersFor(bytes: number, geometry: Geometry): number {
  return Math.ceil(bytes / geometry.clusterSize)
}

export function l1Bytes(entries: number): number {
  return entries * L1_ENTRY_SIZE
}
