// The arithmetic of a file with blocks: how many there are, how large their table, what lies in front of the first.

import type { Measurement } from '../../image/driver.ts'
import { roundUp } from '../../model/units.ts'
import { DYNAMIC_HEADER, ENTRY_SIZE, SECTOR } from './layout.ts'
import { bitmapSizeOf } from './open.ts'
import type { Design } from './options.ts'

/** Of new images: the copy of the footer, the header, the table, then the blocks. */
export const HEADER_OFFSET = SECTOR
export const TABLE_OFFSET = HEADER_OFFSET + DYNAMIC_HEADER.size

export function blockCount({ virtualSize, blockSize }: Design): number {
  return Math.ceil(virtualSize / blockSize)
}

/** Whole sectors. */
export function tableSize(entries: number): number {
  return roundUp(entries * ENTRY_SIZE, SECTOR)
}

export function measureDesign(design: Design, data: number): Measurement {
  const { subformat, virtualSize, blockSize } = design
  if (subformat === 'fixed') {
    const size = virtualSize + SECTOR
    return { required: size, fullyAllocated: size, initial: SECTOR + data }
  }
  const blocks = blockCount(design)
  const empty = TABLE_OFFSET + tableSize(blocks) + SECTOR
  const block = blockSize + bitmapSizeOf(blockSize)
  return {
    required: empty + Math.min(blocks, Math.ceil(data / blockSize)) * block,
    fullyAllocated: empty + blocks * block,
    initial: empty,
  }
}
