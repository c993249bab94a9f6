// From a table of blocks to extents: one walk over entries that are in memory, for every format that has such a table.

import type { Storage } from '../storage/storage.ts'
import type { ExtentList } from './extent-list.ts'

/** Where one whole block is; as an extent, but for its length. */
export type BlockPlace =
  | { readonly kind: 'data'; readonly storage: Storage; readonly offset: number }
  | { readonly kind: 'zero' }
  | { readonly kind: 'hole' }

/** Guest bytes from `from` up to, not including, `to`. */
export interface BlockRange {
  readonly from: number
  readonly to: number
  readonly blockSize: number
}

/** Adds what `placeOf` says of every block in the range. What comes before a block it throws for has been added then. */
export function walkBlocks(extents: ExtentList, range: BlockRange, placeOf: (block: number) => BlockPlace): void {
  const { from, to, blockSize } = range
  for (let position = from; position < to;) {
    const block = Math.floor(position / blockSize)
    const start = block * blockSize
    const length = Math.min(to, start + blockSize) - position
    const place = placeOf(block)
    if (place.kind === 'data') {
      const { storage, offset } = place
      extents.add({ kind: 'data', length, storage, offset: offset + (position - start) })
    } else {
      extents.add({ kind: place.kind, length })
    }
    position += length
  }
}
