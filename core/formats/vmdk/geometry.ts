// How new VMDK files are laid out: what comes where, and how large it is.

import { roundUp } from '../../model/units.ts'
import { DESCRIPTOR_SECTORS, GRAIN_SIZE, SECTOR, SPLIT_SIZE, TABLE_BYTES, TABLE_ENTRIES } from './layout.ts'
import type { Design } from './options.ts'

/** Guest bytes that one table covers. */
export const TABLE_SPAN = TABLE_ENTRIES * GRAIN_SIZE

/** Where the parts of a sparse extent are, in bytes: the same as in files of QEMU and VMware. */
export interface SparseLayout {
  readonly capacity: number
  readonly tableCount: number
  readonly redundantDirectory: number
  readonly redundantTables: number
  readonly directory: number
  readonly tables: number
  /** Where grains begin. */
  readonly overhead: number
}

export function sparseLayout(capacity: number): SparseLayout {
  const tableCount = Math.ceil(capacity / TABLE_SPAN)
  const directoryBytes = roundUp(tableCount * 4, SECTOR)
  const redundantDirectory = (1 + DESCRIPTOR_SECTORS) * SECTOR
  const redundantTables = redundantDirectory + directoryBytes
  const directory = redundantTables + tableCount * TABLE_BYTES
  const tables = directory + directoryBytes
  return {
    capacity,
    tableCount,
    redundantDirectory,
    redundantTables,
    directory,
    tables,
    overhead: roundUp(tables + tableCount * TABLE_BYTES, GRAIN_SIZE),
  }
}

/** What one file holds, in guest bytes. */
export interface Slice {
  readonly start: number
  readonly length: number
  /** Beside the descriptor; undefined when both are one file. */
  readonly name?: string
}

/** `base` is the name of the image without its extension. */
export function slicesOf({ subformat, virtualSize, isSplit, isFlat }: Design, base: string): readonly Slice[] {
  if (!isSplit) {
    const name = subformat === 'monolithicFlat' ? { name: `${base}-flat.vmdk` } : {}
    return [{ start: 0, length: virtualSize, ...name }]
  }
  const count = Math.max(1, Math.ceil(virtualSize / SPLIT_SIZE))
  return Array.from({ length: count }, (_, index) => ({
    start: index * SPLIT_SIZE,
    length: Math.min(SPLIT_SIZE, virtualSize - index * SPLIT_SIZE),
    name: `${base}-${isFlat ? 'f' : 's'}${String(index + 1).padStart(3, '0')}.vmdk`,
  }))
}
