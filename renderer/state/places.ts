// The places the library shows, and how full their disks are or could get.

import { create } from 'zustand'
import type { Place, Volume } from '../../electron/contract/data.ts'
import type { FolderId } from '../../electron/contract/ids.ts'

interface Places {
  readonly places: readonly Place[]
}

export const usePlaces = create<Places>()(() => ({ places: [] }))

/** What a place's volumes take and could come to take, in bytes. */
export interface Claim {
  readonly onDisk: number
  /** Sizes promised to guests beyond what is on disk already. */
  readonly growth: number
}

export function claimsByPlace(volumes: Iterable<Volume>): ReadonlyMap<FolderId, Claim> {
  const claims = new Map<FolderId, { onDisk: number; growth: number }>()
  for (const volume of volumes) {
    let claim = claims.get(volume.place)
    if (!claim) {
      claim = { onDisk: 0, growth: 0 }
      claims.set(volume.place, claim)
    }
    claim.onDisk += volume.allocatedSize
    claim.growth += Math.max(0, (volume.virtualSize ?? 0) - volume.allocatedSize)
  }
  return claims
}
