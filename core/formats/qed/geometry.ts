// The sizes that follow from what a header says.

import { ENTRY_SIZE } from './layout.ts'

/** All sizes in bytes. */
export interface Geometry {
  readonly clusterSize: number
  readonly tableClusters: number
  readonly tableSize: number
  readonly entriesPerTable: number
  /** Guest bytes that one L2 table speaks for. */
  readonly tableSpan: number
  /** The largest disk that fits. */
  readonly maxSize: number
}

export function geometryOf(clusterSize: number, tableClusters: number): Geometry {
  const tableSize = clusterSize * tableClusters
  const entriesPerTable = tableSize / ENTRY_SIZE
  const tableSpan = entriesPerTable * clusterSize
  const maxSize = Math.min(Number.MAX_SAFE_INTEGER - (Number.MAX_SAFE_INTEGER % tableSize), entriesPerTable * tableSpan)
  return { clusterSize, tableClusters, tableSize, entriesPerTable, tableSpan, maxSize }
}
