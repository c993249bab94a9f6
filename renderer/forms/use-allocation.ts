// What the bytes of the volume are that is looked at.

import type { AllocationStrip } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from '../state/api.ts'
import { useAsked, useVersion } from '../state/asked.ts'

/** One a pixel of the strip. */
const CELLS = 288

const allocation = (id: VolumeId): Promise<AllocationStrip> => api.allocation(id, CELLS)

/** What keeps the strip from being drawn is said by the inspection already. */
export function useAllocation(volume: Volume): AllocationStrip | undefined {
  return useAsked(volume.id, useVersion(volume), allocation).value
}
