// The sizes that follow from the metadata: how the disk is cut into blocks, and which entry of the table is whose.

import { ALIGNMENT, BAT_ENTRY_SIZE, FILE_FLAG, SECTORS_PER_BITMAP } from './layout.ts'

/** All sizes in bytes. */
export interface Geometry {
  readonly virtualSize: number
  readonly blockSize: number
  readonly sectorSize: number
  /** Blocks whose sectors share one bitmap, whose entry comes behind theirs. */
  readonly chunkRatio: number
  readonly blockCount: number
  readonly hasParent: boolean
  /** Blocks keep their room, whatever becomes of what they hold. */
  readonly isFixed: boolean
}

export function geometryOf(facts: {
  readonly virtualSize: number
  readonly blockSize: number
  readonly sectorSize: number
  readonly flags: number
}): Geometry {
  const { virtualSize, blockSize, sectorSize, flags } = facts
  return {
    virtualSize,
    blockSize,
    sectorSize,
    chunkRatio: (SECTORS_PER_BITMAP * sectorSize) / blockSize,
    blockCount: Math.ceil(virtualSize / blockSize),
    hasParent: (flags & FILE_FLAG.hasParent) !== 0,
    isFixed: (flags & FILE_FLAG.leaveBlocksAllocated) !== 0,
  }
}

/** The entry of a block. */
export function blockIndex({ chunkRatio }: Geometry, block: number): number {
  return block + Math.floor(block / chunkRatio)
}

/** The entry of the bitmap for the blocks of a chunk. */
export function bitmapIndex({ chunkRatio }: Geometry, chunk: number): number {
  return (chunk + 1) * chunkRatio + chunk
}

/** The block an entry is for; undefined for a bitmap’s. */
export function blockOfIndex({ chunkRatio }: Geometry, index: number): number | undefined {
  const chunk = Math.floor(index / (chunkRatio + 1))
  return index % (chunkRatio + 1) === chunkRatio ? undefined : index - chunk
}

/** Entries the disk needs; with a parent, also those of blocks past its end, as the last bitmap comes behind them. */
export function entryCount(geometry: Geometry): number {
  const { blockCount, chunkRatio, hasParent } = geometry
  if (blockCount === 0) return 0
  if (hasParent) return Math.ceil(blockCount / chunkRatio) * (chunkRatio + 1)
  return blockIndex(geometry, blockCount - 1) + 1
}

/** Length of the region that holds the table of blocks. */
export function tableLength(geometry: Geometry): number {
  return Math.max(1, Math.ceil((entryCount(geometry) * BAT_ENTRY_SIZE) / ALIGNMENT)) * ALIGNMENT
}

/** Bytes of the disk in a block: the last one may reach past its end. */
export function usedBytes({ blockSize, virtualSize }: Geometry, block: number): number {
  return Math.min(blockSize, virtualSize - block * blockSize)
}
