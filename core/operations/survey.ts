// A look over a whole disk before it is copied: what there is to move, from its maps alone.

import type { VirtualDisk } from '../image/virtual-disk.ts'
import { pathOf } from '../image/gate.ts'
import type { Pace } from '../jobs/pace.ts'
import type { Details } from '../model/image.ts'
import { KiB } from '../model/units.ts'
import type { TransferTotals } from '../transfer/plan.ts'
import { FileHoles } from './file-holes.ts'

/** What new images are mostly written by. */
const BLOCK_SIZE = 64 * KiB

/** All in guest bytes. */
export interface Survey extends TransferTotals {
  /** Data and packed data that lie below the top layer. */
  readonly belowBytes: number
  /** Data and packed data, counted in whole blocks. */
  readonly blockBytes: number
}

/** A byte of data takes all of its block. */
export async function survey(disk: VirtualDisk, pace: Pace, blockSize = BLOCK_SIZE): Promise<Survey> {
  const totals = { data: 0, packed: 0, zero: 0, hole: 0 }
  const holes = await FileHoles.of(disk)
  let belowBytes = 0
  let blocks = 0
  let nextBlock = 0
  let position = 0
  for await (const extents of disk.extents()) {
    await pace(0)
    for (const { extent, isHole } of await holes.pieces(extents)) {
      const { length, depth } = extent
      const kind = isHole ? 'zero' : extent.kind
      totals[kind] += length
      if (kind === 'data' || kind === 'packed') {
        if (depth > 0) belowBytes += length
        const first = Math.max(nextBlock, Math.floor(position / blockSize))
        nextBlock = Math.ceil((position + length) / blockSize)
        blocks += nextBlock - first
      }
      position += length
    }
  }
  return {
    dataBytes: totals.data,
    packedBytes: totals.packed,
    zeroBytes: totals.zero,
    holeBytes: totals.hole,
    belowBytes,
    blockBytes: Math.min(blocks * blockSize, disk.size),
  }
}

export async function describeLayers(disk: VirtualDisk): Promise<readonly Details[]> {
  return Promise.all(disk.layers.map(async (layer) => layer.describe()))
}

/** Every file the disk is made of, by path. */
export function filesOf(disk: VirtualDisk, details: readonly Details[]): readonly string[] {
  return disk.layers.flatMap(({ storage, files = [] }, index) => {
    const dataFile = details[index]?.dataFile
    const names = [storage.name, ...files.map(({ name }) => name)]
    return dataFile === undefined ? names : [...names, pathOf(dataFile, storage)]
  })
}
