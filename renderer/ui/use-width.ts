// The width of an element, followed while it changes.

import { useCallback, useState } from 'react'

/** Give `ref` to the element; whole CSS pixels, 0 until it is drawn. */
export function useWidth(): {
  readonly ref: (element: Element | null) => (() => void) | undefined
  readonly width: number
} {
  const [width, setWidth] = useState(0)
  const ref = useCallback((element: Element | null) => {
    if (!element) return undefined
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.floor(entry.contentRect.width))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}
