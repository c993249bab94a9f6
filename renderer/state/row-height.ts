// How high the rows of lists are, in pixels: what the density the user chose comes to.

import { useSettings } from './settings.ts'

const HEIGHTS = { comfortable: 32, compact: 26 } as const

export function useRowHeight(): number {
  return HEIGHTS[useSettings((state) => state.settings.density)]
}
