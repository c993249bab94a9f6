// How large an image will be, before anything is written.

import type { Measurement } from '../../image/driver.ts'
import { KiB, roundUp } from '../../model/units.ts'
import { entryCount } from './geometry.ts'
import {
  BAT_ENTRY_SIZE,
  HEADER_OFFSETS,
  HEADER_SIZE,
  METADATA_TABLE_SIZE,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE,
} from './layout.ts'
import type { Design } from './options.ts'

const PAGE = 4 * KiB

export function measureDesign(design: Design, data: number): Measurement {
  const { geometry, dataStart } = design
  const { blockSize, blockCount, isFixed } = geometry
  const fullyAllocated = dataStart + blockCount * blockSize
  const required = isFixed ? fullyAllocated : Math.min(fullyAllocated, dataStart + roundUp(data, blockSize))
  return { required, fullyAllocated, initial: writtenBytes(design) }
}

/** What of a new image is no hole. */
function writtenBytes({ geometry, blockState }: Design): number {
  const hasTable = geometry.isFixed || blockState === 'zero'
  const table = hasTable ? roundUp(entryCount(geometry) * BAT_ENTRY_SIZE, PAGE) : 0
  const headers = HEADER_OFFSETS.length * HEADER_SIZE + REGION_TABLE_OFFSETS.length * REGION_TABLE_SIZE
  return PAGE + headers + METADATA_TABLE_SIZE + PAGE + table
}
