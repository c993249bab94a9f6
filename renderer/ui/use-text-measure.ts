// The width of text in the page's own font, known anew once that font has loaded.

import { useEffect, useState } from 'react'
import { textMeasure } from './text-width.ts'

export type TextMeasure = (text: string) => number

const FONT = "400 13px 'Inter Variable', 'Inter', system-ui, sans-serif"

export function useTextMeasure(): TextMeasure {
  const [measure, setMeasure] = useState<TextMeasure>(() => textMeasure(FONT))
  useEffect(() => {
    let current = true
    void refresh()
    async function refresh(): Promise<void> {
      await document.fonts.load(FONT)
      if (current) setMeasure(() => textMeasure(FONT))
    }
    return () => {
      current = false
    }
  }, [])
  return measure
}
