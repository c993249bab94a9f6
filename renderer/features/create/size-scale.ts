// The size slider: five sizes at equal distances, and in between as even as sizes feel.

import { GiB } from '../../../core/model/index.ts'

const STOPS = [8, 20, 64, 256, 1024]
const SMALLEST = 8
const LARGEST = 1024
const LAST = STOPS.length - 1

export const SLIDER_MAX = 100

export const TICKS: readonly { readonly at: number; readonly bytes: number }[] = STOPS.map((gibibytes, index) => ({
  at: (index / LAST) * SLIDER_MAX,
  bytes: gibibytes * GiB,
}))

/** Whole GiB. */
export function sizeAt(position: number): number {
  const along = (Math.min(SLIDER_MAX, Math.max(0, position)) / SLIDER_MAX) * LAST
  const index = Math.min(LAST - 1, Math.floor(along))
  const from = STOPS[index] ?? SMALLEST
  const to = STOPS[index + 1] ?? LARGEST
  return Math.round(from * (to / from) ** (along - index)) * GiB
}

export function positionOf(bytes: number): number {
  const gibibytes = Math.min(LARGEST, Math.max(SMALLEST, bytes / GiB))
  const index = Math.max(0, Math.min(LAST - 1, STOPS.findIndex((stop) => stop > gibibytes) - 1))
  if (gibibytes >= LARGEST) return SLIDER_MAX
  const from = STOPS[index] ?? SMALLEST
  const to = STOPS[index + 1] ?? LARGEST
  return ((index + Math.log(gibibytes / from) / Math.log(to / from)) / LAST) * SLIDER_MAX
}
