// From guest offsets to places in the file: block by block, and in a differencing image sector by sector.

import { damaged } from '../../image/damage.ts'
import { ExtentList } from '../../image/extent-list.ts'
import type { Extent } from '../../image/extent.ts'
import { SpindleError } from '../../model/error.ts'
import { KiB } from '../../model/units.ts'
import { blockIndex } from './geometry.ts'
import type { BlockState, ImageFile } from './image-file.ts'

/** One answer looks at no more than this. */
const MOST_BLOCKS = 64 * KiB
const MOST_SECTORS = 64 * KiB

export async function mapImage(file: ImageFile, offset: number, length: number): Promise<readonly Extent[]> {
  const { geometry, bat } = file
  const { blockSize } = geometry
  const extents = new ExtentList()
  const end = Math.min(offset + length, (Math.floor(offset / blockSize) + MOST_BLOCKS) * blockSize)
  try {
    for (let position = offset; position < end;) {
      const block = Math.floor(position / blockSize)
      const index = blockIndex(geometry, block)
      const state = file.blockState(block, bat.peek(index) ?? (await bat.entry(index)))
      const to = Math.min(end, (block + 1) * blockSize)
      const known = await addBlock(extents, file, { block, state, from: position, to })
      position += known
      if (position < to) break
    }
  } catch (error) {
    // What comes before damage can be told; who asks from there on is told of the damage.
    if (extents.isEmpty || !(error instanceof SpindleError)) throw error
  }
  return extents.toArray()
}

interface Part {
  readonly block: number
  readonly state: BlockState
  readonly from: number
  readonly to: number
}

/** Returns how many of its bytes have been added: fewer where the file ends too early. */
async function addBlock(extents: ExtentList, file: ImageFile, part: Part): Promise<number> {
  const { block, state, from, to } = part
  const length = to - from
  if (state.kind === 'hole' || state.kind === 'zero') {
    extents.add({ kind: state.kind, length })
    return length
  }
  const host = state.offset + (from - block * file.geometry.blockSize)
  const inside = Math.min(length, file.size - host)
  if (inside <= 0)
    throw damaged(file.storage.name, `the guest’s bytes from ${from} on are past its end at ${file.size}`, host)
  if (state.kind === 'partial') return addSectors(extents, file, { block, from, length: inside, host })
  extents.add({ kind: 'data', length: inside, storage: file.content, offset: host })
  return inside
}

async function addSectors(
  extents: ExtentList,
  file: ImageFile,
  part: { readonly block: number; readonly from: number; readonly length: number; readonly host: number },
): Promise<number> {
  const { sectorSize, blockSize } = file.geometry
  const { block, from, host } = part
  const start = block * blockSize
  const first = Math.floor((from - start) / sectorSize)
  const to = Math.min(from + part.length, start + (first + MOST_SECTORS) * sectorSize)
  const isHere = await file.bitmaps.read(block, first, Math.ceil((to - start) / sectorSize) - first)
  let position = from
  for (let sector = 0; sector < isHere.length;) {
    const here = isHere[sector]
    let next = sector + 1
    while (next < isHere.length && isHere[next] === here) next += 1
    const runEnd = Math.min(to, start + (first + next) * sectorSize)
    const length = runEnd - position
    if (here === true) extents.add({ kind: 'data', length, storage: file.content, offset: host + (position - from) })
    else extents.add({ kind: 'hole', length })
    position = runEnd
    sector = next
  }
  return to - from
}
