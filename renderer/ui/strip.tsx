// A strip of cells in a row, and the small square that explains one of their looks.

import { useLayoutEffect, useRef } from 'react'
import { paint, sharpContext } from './paint.ts'
import type { Look } from './paint.ts'
import styles from './strip.module.css'
import { usePalette } from './use-palette.ts'
import { useWidth } from './use-width.ts'

interface StripProps {
  /** Equal parts of the whole, each with its look; undefined is left empty. */
  readonly cells: readonly (Look | undefined)[]
  readonly height: number
  /** In words, for whoever does not see it. */
  readonly label: string
}

const RADIUS = 4

export function Strip({ cells, height, label }: StripProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { ref, width } = useWidth()
  const palette = usePalette()

  useLayoutEffect(() => {
    const element = canvas.current
    const context = element && sharpContext(element, width, height)
    if (!element || !context || width === 0) return
    context.beginPath()
    context.roundRect(0, 0, width, height, RADIUS)
    context.clip()
    context.fillStyle = palette('--surface')
    context.fillRect(0, 0, width, height)
    for (let start = 0; start < cells.length;) {
      const look = cells[start]
      let end = start + 1
      while (end < cells.length && cells[end] === look) end += 1
      const x = Math.round((start / cells.length) * width)
      const next = Math.round((end / cells.length) * width)
      if (look) paint(context, look, { x, y: 0, width: Math.max(1, next - x), height }, palette)
      start = end
    }
    context.strokeStyle = palette('--line-strong')
    context.beginPath()
    context.roundRect(0.5, 0.5, width - 1, height - 1, RADIUS - 0.5)
    context.stroke()
  }, [cells, width, height, palette])

  return (
    <div ref={ref} className={styles.strip} style={{ height }}>
      <canvas ref={canvas} role="img" aria-label={label} style={{ width, height }} />
    </div>
  )
}

const SWATCH = 12

export function Swatch({ look }: { readonly look: Look }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const palette = usePalette()
  useLayoutEffect(() => {
    const element = canvas.current
    const context = element && sharpContext(element, SWATCH, SWATCH)
    if (!element || !context) return
    paint(context, look, { x: 0, y: 0, width: SWATCH, height: SWATCH }, palette)
  }, [look, palette])
  return <canvas ref={canvas} className={styles.swatch} aria-hidden="true" />
}
