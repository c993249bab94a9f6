// The history a volume is a part of: asked anew when any volume of the library, or what was done here, is another.

import { useMemo } from 'react'
import type { History } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { useAsked, useVersion } from './asked.ts'
import type { Asked } from './asked.ts'
import { useVolumes } from './volumes.ts'

const history = (id: VolumeId): Promise<History> => api.history(id)

export function useFamily(volume: Volume): Asked<History> {
  const others = useVolumes((state) => {
    let changes = state.byId.size
    for (const { modifiedAt } of state.byId.values()) changes += modifiedAt
    return changes
  })
  return useAsked(volume.id, `${useVersion(volume)} ${others}`, history)
}

/** Rows of the library by the path of their file. */
export function useVolumesByPath(): ReadonlyMap<string, Volume> {
  const byId = useVolumes((state) => state.byId)
  return useMemo(() => new Map([...byId.values()].map((one) => [one.path, one])), [byId])
}
