// The map of a volume, begun anew when the volume may have changed, and another one whenever more is known.

import { useEffect, useState } from 'react'
import type { MapSpace } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import { useVersion } from './asked.ts'
import { stillHolds, useChecks } from './checks.ts'
import type { DiskMap } from './disk-map.ts'
import { MapLoader } from './map-loader.ts'

interface Loaded {
  readonly version: string
  readonly map: DiskMap
}

export function useDiskMap(volume: Volume, space: MapSpace): DiskMap | undefined {
  const version = useVersion(volume)
  const checked = useChecks((state) => state.byVolume.get(volume.id))
  const report = checked && stillHolds(checked, volume) ? checked.report : undefined
  const [loaded, setLoaded] = useState<Loaded>()
  const { id, fileSize } = volume

  useEffect(() => {
    const loader = new MapLoader(id, space, report, (map) => setLoaded({ version, map }))
    void loader.load(fileSize)
    return () => loader.stop()
  }, [id, version, space, report, fileSize])

  const facts = loaded?.map.facts
  return facts?.volume === id && facts.space === space ? loaded?.map : undefined
}
