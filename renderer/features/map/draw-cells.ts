// Draws the cells of a grid: each look is painted once and then only copied, so that a frame costs little.

import type { MapState } from '../../../core/model/index.ts'
import { MAP_STATES } from '../../../core/model/index.ts'
import type { DiskMap } from '../../state/disk-map.ts'
import { paint } from '../../ui/paint.ts'
import type { Palette } from '../../ui/paint.ts'
import { LOOKS, shownState } from './looks.ts'
import { PITCH } from './use-map-view.ts'

const CELL = 12

/** One square a state, side by side, in pixels of the screen. */
export interface Stamps {
  readonly canvas: HTMLCanvasElement
  readonly scale: number
}

export function makeStamps(palette: Palette): Stamps {
  const scale = window.devicePixelRatio
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(PITCH * scale) * MAP_STATES.length
  canvas.height = Math.round(CELL * scale)
  const context = canvas.getContext('2d')
  if (context) {
    for (const [index, state] of MAP_STATES.entries()) {
      context.setTransform(scale, 0, 0, scale, index * Math.round(PITCH * scale), 0)
      paint(context, LOOKS[state], { x: 0, y: 0, width: CELL, height: CELL }, palette)
    }
  }
  return { canvas, scale }
}

export interface Drawn {
  readonly map: DiskMap
  readonly level: number
  readonly first: number
  readonly columns: number
  readonly rows: number
  readonly hidden: ReadonlySet<MapState>
}

export function drawCells(
  canvas: HTMLCanvasElement,
  { canvas: stamps, scale }: Stamps,
  { map, level, first, columns, rows, hidden }: Drawn,
): void {
  const width = Math.round(columns * PITCH * scale)
  const height = Math.round(rows * PITCH * scale)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')
  if (!context) return
  context.clearRect(0, 0, width, height)
  const side = Math.round(CELL * scale)
  const pitch = Math.round(PITCH * scale)
  const count = map.cellCount(level)
  // Cells with the same bits look the same.
  const sources = new Int16Array(256).fill(-2)
  for (let row = 0; row < rows; row += 1) {
    const top = Math.round(row * PITCH * scale)
    for (let column = 0; column < columns; column += 1) {
      const index = first + row * columns + column
      if (index >= count) return
      const cell = map.cell(level, index)
      if (cell === undefined) continue
      let source = sources[cell] ?? -1
      if (source === -2) {
        const state = shownState(cell, hidden)
        source = state ? MAP_STATES.indexOf(state) : -1
        sources[cell] = source
      }
      if (source < 0) continue
      context.drawImage(stamps, source * pitch, 0, side, side, Math.round(column * PITCH * scale), top, side, side)
    }
  }
}
