// What a transfer would have to do, by looking at the maps alone.

import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { assertNever } from '../model/error.ts'

/** Guest bytes of a disk by state; together they are its size. */
export interface TransferTotals {
  readonly dataBytes: number
  readonly packedBytes: number
  readonly zeroBytes: number
  readonly holeBytes: number
}

export async function planTransfer(disk: VirtualDisk, pace?: Pace): Promise<TransferTotals> {
  const totals = { dataBytes: 0, packedBytes: 0, zeroBytes: 0, holeBytes: 0 }
  for await (const extents of disk.extents()) {
    await pace?.(0)
    for (const { kind, length } of extents) {
      switch (kind) {
        case 'data':
          totals.dataBytes += length
          break
        case 'packed':
          totals.packedBytes += length
          break
        case 'zero':
          totals.zeroBytes += length
          break
        case 'hole':
          totals.holeBytes += length
          break
        default:
          assertNever(kind)
      }
    }
  }
  return totals
}
