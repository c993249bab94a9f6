// allocation: the whole disk as a strip of cells, and how many bytes are in each state.

import type { DiskExtent } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import type { AllocationStrip, CellState } from '../model/plan.ts'
import { turnsOf } from './cancel.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

export const MAX_CELL_COUNT = 100_000

/** Whatever takes room somewhere shows before zeros and nothing, or a thin disk would look empty. */
const OCCUPIED: readonly CellState[] = ['data', 'compressed', 'backing']
const FREE: readonly CellState[] = ['zero', 'hole']

type Totals = Record<CellState, number>

export async function allocation(path: string, cellCount: number, parts: Parts): Promise<AllocationStrip> {
  if (!Number.isInteger(cellCount) || cellCount < 1 || cellCount > MAX_CELL_COUNT) {
    throw new SpindleError('invalid-argument', `A strip has between 1 and ${MAX_CELL_COUNT} cells, not ${cellCount}.`)
  }
  await using disk = await openSource(path, undefined, parts)
  const edges = Array.from({ length: cellCount + 1 }, (_, index) => Math.floor((disk.size * index) / cellCount))
  const cells = Array.from({ length: cellCount }, empty)
  const totals = empty()
  let position = 0
  let index = 0
  const pace = turnsOf()
  for await (const extents of disk.extents()) {
    await pace(0)
    for (const extent of extents) {
      const state = stateOf(extent)
      const end = position + extent.length
      totals[state] += extent.length
      while (position < end) {
        const cell = cells[index]
        const edge = edges[index + 1]
        if (!cell || edge === undefined) break
        const step = Math.min(edge, end) - position
        cell[state] += step
        position += step
        if (position >= edge) index += 1
      }
    }
  }
  return { virtualSize: disk.size, cells: cells.map(mostly), totals }
}

function stateOf(extent: DiskExtent): CellState {
  switch (extent.kind) {
    case 'data':
      return extent.depth > 0 ? 'backing' : 'data'
    case 'packed':
      return extent.depth > 0 ? 'backing' : 'compressed'
    default:
      return extent.kind
  }
}

function mostly(cell: Totals): CellState {
  const most = (states: readonly CellState[]): CellState | undefined =>
    states.filter((state) => cell[state] > 0).toSorted((a, b) => cell[b] - cell[a])[0]
  return most(OCCUPIED) ?? most(FREE) ?? 'hole'
}

function empty(): Totals {
  return { hole: 0, zero: 0, data: 0, compressed: 0, backing: 0 }
}
