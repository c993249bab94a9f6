// map extents: where a part of the disk is, as a list that can be read on from any offset.

import { diskStates } from '../image/disk-states.ts'
import { sliceExtent } from '../image/extent.ts'
import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import type { MapExtent, MapExtents } from '../model/map.ts'
import { turnsOf } from './cancel.ts'
import { bitsOf } from './map-cells.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

export const MAX_MAP_EXTENTS = 1000

/** At most `count` extents, the first one from `offset` on: one that began before is told from there. */
export async function mapExtents(path: string, offset: number, count: number, parts: Parts): Promise<MapExtents> {
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isInteger(count) || count < 1 || count > MAX_MAP_EXTENTS) {
    throw new SpindleError('invalid-argument', `There are no ${count} extents of a disk from byte ${offset} on.`)
  }
  await using disk = await openSource(path, undefined, parts)
  const pace = turnsOf()
  const extents: MapExtent[] = []
  let position = Math.min(offset, disk.size)
  while (position < disk.size) {
    const [run] = await diskStates(disk.layers, position, disk.size - position)
    if (!run) break
    const end = position + run.length
    while (position < end) {
      await pace(0)
      for (const extent of await placesOf(disk, position, end - position, run.kind === 'damaged')) {
        const added = add(extents, extentOf(extent, position, bitsOf(run), run.depth), extent.kind === 'packed')
        if (added && extents.length > count) return { size: disk.size, extents: extents.slice(0, count) }
        position += extent.length
      }
    }
  }
  return { size: disk.size, extents }
}

/** What is damaged has no place that could be told. */
async function placesOf(
  disk: VirtualDisk,
  offset: number,
  length: number,
  isDamaged: boolean,
): Promise<readonly DiskExtent[]> {
  if (isDamaged) return [{ kind: 'hole', length, depth: 0 }]
  let rest = length
  const inside: DiskExtent[] = []
  for (const extent of await disk.map(offset, length)) {
    if (rest === 0) break
    inside.push(sliceExtent(extent, 0, Math.min(rest, extent.length)))
    rest -= Math.min(rest, extent.length)
  }
  return inside
}

function extentOf(extent: DiskExtent, offset: number, states: number, depth: number): MapExtent {
  const row = { offset, length: extent.length, states, depth }
  // What lies there is of no use to anyone who reads the file.
  if ((extent.kind !== 'data' && extent.kind !== 'packed') || extent.storage.enciphered === true) return row
  return { ...row, hostOffset: extent.offset, path: extent.storage.name }
}

/** True for one that does not continue the last one; what is packed is one unit each. */
function add(extents: MapExtent[], next: MapExtent, isPacked: boolean): boolean {
  const last = extents.at(-1)
  const continues =
    !isPacked &&
    last?.states === next.states &&
    last.depth === next.depth &&
    last.path === next.path &&
    (last.hostOffset === undefined || last.hostOffset + last.length === next.hostOffset)
  if (last && continues) extents[extents.length - 1] = { ...last, length: last.length + next.length }
  else extents.push(next)
  return !continues
}
