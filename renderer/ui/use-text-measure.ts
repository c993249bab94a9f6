// The width of text in the page's own font, known anew once that font has loaded.

import { useEffect, useState } from 'react'
import { textMeasure } from './text-width.ts'

export type TextMeasure = (text: string) => number

/** `size` in CSS pixels. */
export function useTextMeasure(size: 12 | 13): TextMeasure {
  const font = `400 ${size}px 'Inter Variable', 'Inter', system-ui, sans-serif`
  const [measure, setMeasure] = useState<TextMeasure>(() => textMeasure(font))
  useEffect(() => {
    let current = true
    void refresh()
    async function refresh(): Promise<void> {
      await document.fonts.load(font)
      if (current) setMeasure(() => textMeasure(font))
    }
    return () => {
      current = false
    }
  }, [font])
  return measure
}
