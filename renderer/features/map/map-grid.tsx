// The cells: drawn on a canvas, moved over by pointer and keyboard, with what lies under them told beside.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { KeyboardEvent, PointerEvent, WheelEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { MapState } from '../../../core/model/index.ts'
import type { DiskMap } from '../../state/disk-map.ts'
import { usePalette } from '../../ui/use-palette.ts'
import { drawCells, makeStamps } from './draw-cells.ts'
import { hexText } from './looks.ts'
import { MapTip } from './map-tip.tsx'
import type { TipFacts } from './map-tip.tsx'
import styles from './map.module.css'
import { PITCH } from './use-map-view.ts'
import type { GridRoom, MapView } from './use-map-view.ts'

interface MapGridProps extends Omit<TipFacts, 'offset' | 'cellSize'> {
  readonly map: DiskMap
  readonly view: MapView
  readonly room: GridRoom
  readonly hidden: ReadonlySet<MapState>
}

/** Wheels differ: this much of one is a step. */
const WHEEL_STEP = 60

export function MapGrid({ map, view, room, hidden, ...facts }: MapGridProps) {
  const { t } = useTranslation()
  const canvas = useRef<HTMLCanvasElement>(null)
  const palette = usePalette()
  const stamps = useMemo(() => makeStamps(palette), [palette])
  const [hovered, setHovered] = useState<number>()
  const [focused, setFocused] = useState(false)
  const wheel = useRef(0)
  const { columns, rows } = room
  const { level, first, cellSize, cellCount, active } = view

  useLayoutEffect(() => {
    if (canvas.current) drawCells(canvas.current, stamps, { map, level, first, columns, rows, hidden })
  }, [map, stamps, level, first, columns, rows, hidden])

  // React listens to wheels passively, and then the page behind would scroll.
  useEffect(() => {
    const element = canvas.current
    const keep = (event: Event): void => event.preventDefault()
    element?.addEventListener('wheel', keep, { passive: false })
    return () => element?.removeEventListener('wheel', keep)
  }, [])

  function cellAt(event: PointerEvent | WheelEvent): number | undefined {
    const box = event.currentTarget.getBoundingClientRect()
    const column = Math.floor((event.clientX - box.left) / PITCH)
    const row = Math.floor((event.clientY - box.top) / PITCH)
    const index = first + row * columns + column
    return column >= 0 && column < columns && row >= 0 && index < cellCount ? index : undefined
  }

  function onWheel(event: WheelEvent): void {
    if (event.shiftKey) {
      view.pan(Math.sign(event.deltaY || event.deltaX))
      return
    }
    wheel.current += event.deltaY
    const steps = Math.trunc(wheel.current / WHEEL_STEP)
    if (steps === 0) return
    wheel.current -= steps * WHEEL_STEP
    const cell = cellAt(event)
    view.zoom(-steps, cell === undefined ? undefined : cell * cellSize)
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const by = stepOf(event.key, columns, rows)
    if (by === undefined) return
    event.preventDefault()
    view.step(by)
  }

  const activeCell = active === undefined ? undefined : Math.floor(active / cellSize)
  const told = hovered ?? (focused ? activeCell : undefined)
  const box = { width: columns * PITCH, height: rows * PITCH }
  const place = (cell: number) => ({
    left: ((cell - first) % columns) * PITCH,
    top: Math.floor((cell - first) / columns) * PITCH,
  })
  const isShown = (cell: number | undefined): cell is number =>
    cell !== undefined && cell >= first && cell < first + columns * rows
  return (
    <div className={styles.gridArea}>
      <div className={styles.gutter} aria-hidden="true">
        {Array.from({ length: Math.ceil(rows / 2) }, (_, line) => first + line * 2 * columns)
          .filter((cell) => cell < cellCount)
          .map((cell) => (
            <span key={cell} style={{ top: place(cell).top - 2 }}>
              {hexText(cell * cellSize)}
            </span>
          ))}
      </div>
      <div className={styles.cells} style={box}>
        {/* The table is the accessible form; here one moves over the disk and hears what lies there. */}
        <div
          role="slider"
          aria-label={t('map.gridLabel')}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, cellCount - 1)}
          aria-valuenow={activeCell ?? first}
          aria-valuetext={hexText((activeCell ?? first) * cellSize)}
          tabIndex={0}
          className={styles.canvas}
          onKeyDown={onKeyDown}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onWheel={onWheel}
          onPointerMove={(event) => setHovered(cellAt(event))}
          onPointerLeave={() => setHovered(undefined)}
          onPointerDown={(event) => {
            const cell = cellAt(event)
            if (cell !== undefined) view.go(cell * cellSize)
          }}
        >
          <canvas ref={canvas} style={box} />
        </div>
        {isShown(activeCell) && <span className={styles.active} style={place(activeCell)} />}
        {isShown(told) && (
          <MapTip
            key={`${level} ${told}`}
            {...facts}
            map={map}
            offset={told * cellSize}
            cellSize={cellSize}
            cell={map.cell(level, told)}
            x={place(told).left}
            y={place(told).top}
            width={columns * PITCH}
            height={rows * PITCH}
          />
        )}
      </div>
    </div>
  )
}

function stepOf(key: string, columns: number, rows: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
      return 1
    case 'ArrowLeft':
      return -1
    case 'ArrowDown':
      return columns
    case 'ArrowUp':
      return -columns
    case 'PageDown':
      return columns * rows
    case 'PageUp':
      return -columns * rows
    case 'Home':
      return -Infinity
    case 'End':
      return Infinity
    default:
      return undefined
  }
}
