// How many cells of a grid have room in an element, followed while it changes.

import { useCallback, useState } from 'react'
import type { GridRoom } from './use-map-view.ts'

/** Beside the cells: the offsets of their rows, and the padding. */
const GUTTER = 84
const PADDING = 24
const SMALLEST: GridRoom = { columns: 16, rows: 4 }

/** Give `ref` to the element. */
export function useRoom(pitch: number): {
  readonly ref: (element: Element | null) => (() => void) | undefined
  readonly room: GridRoom
} {
  const [room, setRoom] = useState(SMALLEST)
  const ref = useCallback(
    (element: Element | null) => {
      if (!element) return undefined
      const observer = new ResizeObserver(([entry]) => {
        if (!entry) return
        const { width, height } = entry.contentRect
        const columns = Math.max(SMALLEST.columns, Math.floor((width - GUTTER - PADDING) / pitch))
        const rows = Math.max(SMALLEST.rows, Math.floor((height - PADDING / 2) / pitch))
        setRoom((before) => (before.columns === columns && before.rows === rows ? before : { columns, rows }))
      })
      observer.observe(element)
      return () => observer.disconnect()
    },
    [pitch],
  )
  return { ref, room }
}
