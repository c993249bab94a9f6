// Lines over two logarithmic axes, as an SVG picture.

import type { Growth } from './growth.ts'

const WIDTH = 760
const HEIGHT = 420
const MARGIN = { left: 56, right: 220, top: 16, bottom: 36 }
const COLORS = [
  '#2b78b8',
  '#7a4fbf',
  '#0b7f6c',
  '#a46f00',
  '#b85a12',
  '#c22f26',
  '#1d7a33',
  '#1f5fbf',
  '#59616b',
  '#8a5200',
  '#b3261e',
]

export function plot(lines: readonly Growth[]): string {
  const walls = lines.flatMap(({ points }) => points.map(({ wall }) => wall))
  const [low, high] = [Math.floor(Math.log10(Math.min(...walls))), Math.ceil(Math.log10(Math.max(...walls)))]
  const scales = [...new Set(lines.flatMap(({ points }) => points.map(({ scale }) => scale)))].toSorted((a, b) => a - b)
  const last = Math.log10(scales.at(-1) ?? 1)
  const across = (scale: number): number =>
    MARGIN.left + (Math.log10(scale) / last) * (WIDTH - MARGIN.left - MARGIN.right)
  const down = (wall: number): number =>
    HEIGHT - MARGIN.bottom - ((Math.log10(wall) - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const decades = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  const grid = [
    ...decades.map((wall) => {
      const at = down(wall).toFixed(1)
      return `<path d="M${MARGIN.left} ${at}H${WIDTH - MARGIN.right}" stroke="#d9dce1"/><text x="${MARGIN.left - 8}" y="${at}" text-anchor="end" dy=".35em">${wall} s</text>`
    }),
    ...scales.map(
      (scale) => `<text x="${across(scale).toFixed(1)}" y="${HEIGHT - 14}" text-anchor="middle">× ${scale}</text>`,
    ),
  ]
  const drawn = lines.map(({ operation, points }, index) => {
    const color = COLORS[index % COLORS.length]
    const path = points.map(({ scale, wall }) => `${across(scale).toFixed(1)} ${down(wall).toFixed(1)}`).join('L')
    const y = MARGIN.top + 10 + index * 18
    return `<path d="M${path}" fill="none" stroke="${color}" stroke-width="1.5"/><path d="M${WIDTH - MARGIN.right + 16} ${y}h20" stroke="${color}" stroke-width="3"/><text x="${WIDTH - MARGIN.right + 42}" y="${y}" dy=".35em">${operation}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#1a1d21"><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>${[...grid, ...drawn].join('')}</svg>\n`
}
