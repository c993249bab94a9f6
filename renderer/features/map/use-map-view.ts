// What of a map is shown: how large a cell is, the first row, and the cell the keyboard is on.

import { useState } from 'react'
import type { DiskMap } from '../../state/disk-map.ts'

export const PITCH = 14

/** The room for cells, in cells. */
export interface GridRoom {
  readonly columns: number
  readonly rows: number
}

interface Chosen {
  /** Undefined shows the whole. */
  readonly level: number | undefined
  /** Bytes: whatever the level, what is here stays in the first row. */
  readonly start: number
  /** Bytes; undefined until the keyboard or a jump has led somewhere. */
  readonly active: number | undefined
}

export interface MapView {
  readonly level: number
  readonly lowest: number
  readonly highest: number
  readonly cellSize: number
  readonly cellCount: number
  /** Of the first cell that is shown. */
  readonly first: number
  /** Bytes. */
  readonly start: number
  readonly end: number
  readonly active: number | undefined
  /** `at` stays where it is as far as that can be. */
  readonly zoom: (by: number, at?: number) => void
  readonly pan: (rows: number) => void
  /** Shows this offset, with the keyboard on it. */
  readonly go: (offset: number) => void
  /** Brings this offset into the middle. */
  readonly center: (offset: number) => void
  readonly step: (cells: number) => void
}

const WHOLE: Chosen = { level: undefined, start: 0, active: undefined }

export function useMapView(map: DiskMap, { columns, rows }: GridRoom): MapView {
  const [chosen, setChosen] = useState(WHOLE)
  const highest = wholeLevel(map, columns * rows)
  const lowest = Math.min(map.finestLevel, highest)
  const level = Math.min(highest, Math.max(lowest, chosen.level ?? highest))
  const shown = shownAt(level, chosen.start)
  const { active } = chosen

  function shownAt(at: number, offset: number) {
    const cellSize = map.cellSize(at)
    const cellCount = map.cellCount(at)
    const lastRow = Math.max(0, Math.ceil(cellCount / columns) - rows)
    const row = Math.min(lastRow, Math.max(0, Math.floor(offset / cellSize / columns)))
    const first = row * columns
    const count = Math.min(cellCount - first, columns * rows)
    return {
      cellSize,
      cellCount,
      first,
      start: first * cellSize,
      end: Math.min(map.facts.size, (first + count) * cellSize),
    }
  }

  /** The start from which `offset` lies in this row of the grid. */
  function startFor(offset: number, at: number, row: number): number {
    const cellSize = map.cellSize(at)
    return Math.max(0, (Math.floor(offset / cellSize / columns) - row) * columns * cellSize)
  }

  function zoom(by: number, at?: number): void {
    const anchor = at ?? (active !== undefined && active >= shown.start && active < shown.end ? active : shown.start)
    const next = Math.min(highest, Math.max(lowest, level - by))
    const row = Math.floor((Math.floor(anchor / shown.cellSize) - shown.first) / columns)
    setChosen({ level: next, start: startFor(anchor, next, row), active })
  }

  function go(offset: number): void {
    const inside = Math.min(Math.max(0, offset), Math.max(0, map.facts.size - 1))
    const isShown = inside >= shown.start && inside < shown.end
    const start = isShown ? shown.start : startFor(inside, level, Math.floor(rows / 2))
    setChosen({ level, start, active: inside })
  }

  return {
    level,
    lowest,
    highest,
    ...shown,
    active,
    zoom,
    pan: (by) => setChosen({ level, start: Math.max(0, shown.start + by * columns * shown.cellSize), active }),
    go,
    center: (offset) => setChosen({ level, start: startFor(offset, level, Math.floor(rows / 2)), active }),
    step: (cells) => {
      const from = active === undefined ? shown.first - (cells > 0 ? 1 : 0) : Math.floor(active / shown.cellSize)
      go(Math.min(shown.cellCount - 1, Math.max(0, from + cells)) * shown.cellSize)
    },
  }
}

/** The lowest level at which all cells have room. */
function wholeLevel(map: DiskMap, room: number): number {
  let level = 0
  while (level < map.levelCount - 1 && map.cellCount(level) > room) level += 1
  return level
}
