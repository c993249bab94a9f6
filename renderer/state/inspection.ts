// What the engine says of a volume: the image, and the files below it.

import type { ImageFacts } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { useAsked, useVersion } from './asked.ts'
import type { Asked } from './asked.ts'

const inspect = (id: VolumeId): Promise<readonly ImageFacts[]> => api.inspect(id)

export function useInspection(volume: Volume): Asked<readonly ImageFacts[]> {
  return useAsked(volume.id, useVersion(volume), inspect)
}
