// How large an image will be, all its files together: the arithmetic of tables, before anything is written.

import type { Measurement } from '../../image/driver.ts'
import { roundUp } from '../../model/units.ts'
import { descriptorText } from './descriptor-text.ts'
import { TABLE_SPAN, slicesOf, sparseLayout } from './geometry.ts'
import { DESCRIPTOR_SECTORS, GRAIN_MARKER, GRAIN_SIZE, SECTOR, TABLE_BYTES } from './layout.ts'
import type { Design } from './options.ts'

/** The name in the descriptor, which makes it a few bytes longer or shorter. */
const USUAL_NAME = 'disk'
/** A grain that cannot be packed, as a stream: deflate adds five bytes to every 16 KiB at most. */
const LARGEST_GRAIN = roundUp(GRAIN_MARKER.size + GRAIN_SIZE + 5 * (GRAIN_SIZE / 16_384 + 1) + 16, SECTOR)

export function measureDesign(design: Design, data: number): Measurement {
  if (design.subformat === 'streamOptimized') return measureStream(design, data)
  const slices = slicesOf(design, USUAL_NAME)
  const kind = design.isFlat ? 'FLAT' : 'SPARSE'
  const lines = slices.map(({ length, name = '' }) => ({ sectors: length / SECTOR, kind, name }) as const)
  const text = design.subformat === 'monolithicSparse' ? 0 : descriptorText(design, lines, undefined).length
  if (design.isFlat) {
    const length = text + design.virtualSize
    return { required: length, fullyAllocated: length, initial: text + data }
  }
  const tables = slices.reduce((sum, { length }) => sum + sparseLayout(length).overhead, text)
  const disk = roundUp(design.virtualSize, GRAIN_SIZE)
  const used = tables + Math.min(disk, roundUp(data, GRAIN_SIZE))
  // Tables are holes until something is noted in them.
  return { required: used, fullyAllocated: tables + disk, initial: text + (1 + DESCRIPTOR_SECTORS) * SECTOR + data }
}

/** How far data packs is not known before, so it is taken not to. */
function measureStream({ virtualSize }: Design, data: number): Measurement {
  const grains = Math.ceil(virtualSize / GRAIN_SIZE)
  const front = GRAIN_SIZE
  // The directory with its marker, the footer with its own, and the end.
  const back = SECTOR + roundUp(Math.ceil(virtualSize / TABLE_SPAN) * 4, SECTOR) + 3 * SECTOR
  const table = SECTOR + TABLE_BYTES
  const length = (count: number) =>
    front + back + count * LARGEST_GRAIN + Math.min(count, Math.ceil(virtualSize / TABLE_SPAN)) * table
  return {
    required: length(Math.min(grains, Math.ceil(data / GRAIN_SIZE))),
    fullyAllocated: length(grains),
    initial: length(0),
  }
}
