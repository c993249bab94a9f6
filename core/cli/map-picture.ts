// A picture of what each part of a disk holds: cells in rows, told apart by colour and by pattern.

import { writeFile } from 'node:fs/promises'
import { SpindleError } from '../model/error.ts'
import { MAP_STATES, worstState } from '../model/map.ts'
import type { MapCells, MapState } from '../model/map.ts'
import { formatSize } from '../model/units.ts'
import { pngFile } from './png.ts'
import type { Color } from './png.ts'

export type PictureKind = 'png' | 'svg'

export const COLUMNS = 128
export const ROWS = 64
/** Pixels from one cell to the next, and of a cell itself. */
export const PITCH = 8
const CELL = 7

const PAPER: Color = [255, 255, 255]
const COLORS: Readonly<Record<MapState, Color>> = {
  hole: [125, 133, 144],
  zero: [132, 140, 151],
  backing: [164, 111, 0],
  data: [43, 120, 184],
  compressed: [122, 79, 191],
  shared: [43, 120, 184],
  metadata: [11, 127, 108],
  leak: [184, 90, 18],
  corrupt: [194, 47, 38],
}

/** Which pixels of a cell have its colour. */
const PATTERNS: Readonly<Record<MapState, (x: number, y: number) => boolean>> = {
  hole: (x, y) => x === 0 || y === 0 || x === CELL - 1 || y === CELL - 1,
  zero: (x, y) => (x + y) % 3 === 0,
  backing: (x, y) => (x - y + CELL) % 3 !== 0,
  data: () => true,
  compressed: (_x, y) => y % 3 !== 2,
  shared: (x) => x % 3 !== 2,
  metadata: (x, y) => Math.abs(x - 3) > 1 || Math.abs(y - 3) > 1,
  leak: (x, y) => x % 3 !== 1 || y % 3 !== 1,
  corrupt: (x, y) => x !== y && x + y !== CELL - 1,
}

/** Cells row by row; where the disk ends before the picture does, there is nothing. */
export function picture(kind: PictureKind, { cells, bytes }: MapCells): Uint8Array {
  return kind === 'png' ? pngPicture(cells) : Buffer.from(svgPicture(cells, bytes))
}

/** A file that is there is never replaced. */
export async function savePicture(path: string, shown: string, content: Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { flag: 'wx' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    throw new SpindleError(
      code === 'EEXIST' ? 'exists' : 'io',
      code === 'EEXIST'
        ? `${shown} exists already and was not touched. Choose another name.`
        : `The picture could not be written to ${shown}. The image was not touched.`,
      { path, cause: error },
    )
  }
}

/** One line a state that there is, with its colour as the picture has it. */
export function legendLines({ bytes }: MapCells): string {
  return MAP_STATES.map((state, index) => ({ state, size: bytes[index] ?? 0 }))
    .filter(({ size }) => size > 0)
    .map(({ state, size }) => `${hex(COLORS[state])}  ${state.padEnd(12)}${formatSize(size)}\n`)
    .join('')
}

function pngPicture(cells: Uint8Array): Uint8Array {
  const width = COLUMNS * PITCH
  const height = ROWS * PITCH
  const pixels = new Uint8Array(width * height)
  for (const [index, bits] of cells.entries()) {
    const state = worstState(bits)
    const left = (index % COLUMNS) * PITCH
    const top = Math.floor(index / COLUMNS) * PITCH
    for (let y = 0; y < CELL; y += 1) {
      for (let x = 0; x < CELL; x += 1) {
        if (PATTERNS[state](x, y)) pixels[(top + y) * width + left + x] = 1 + MAP_STATES.indexOf(state)
      }
    }
  }
  return pngFile(width, height, pixels, [PAPER, ...MAP_STATES.map((state) => COLORS[state])])
}

function svgPicture(cells: Uint8Array, bytes: readonly number[]): string {
  const width = COLUMNS * PITCH
  const height = ROWS * PITCH
  const used = MAP_STATES.filter((_, index) => (bytes[index] ?? 0) > 0)
  const patterns = used.map((state) => {
    const dots = [...Array(CELL * CELL).keys()]
      .map((at) => [at % CELL, Math.floor(at / CELL)] as const)
      .filter(([x, y]) => PATTERNS[state](x, y))
      .map(([x, y]) => `M${x} ${y}h1v1h-1z`)
      .join('')
    return `<pattern id="${state}" width="${PITCH}" height="${PITCH}" patternUnits="userSpaceOnUse"><path fill="${hex(COLORS[state])}" d="${dots}"/></pattern>`
  })
  const boxes: string[] = []
  for (let first = 0; first < cells.length;) {
    const state = worstState(cells[first] ?? 0)
    const rowEnd = Math.min(cells.length, (Math.floor(first / COLUMNS) + 1) * COLUMNS)
    let end = first + 1
    while (end < rowEnd && worstState(cells[end] ?? 0) === state) end += 1
    const place = `x="${(first % COLUMNS) * PITCH}" y="${Math.floor(first / COLUMNS) * PITCH}"`
    boxes.push(
      `<rect class="${state}" ${place} width="${(end - first) * PITCH}" height="${PITCH}" fill="url(#${state})"/>`,
    )
    first = end
  }
  const legend = used.map((state, index) => {
    const x = index * 112
    const text = `${state} ${formatSize(bytes[MAP_STATES.indexOf(state)] ?? 0)}`
    return `<rect x="${x}" y="${height + PITCH}" width="${PITCH}" height="${PITCH}" fill="url(#${state})"/><text x="${x + 12}" y="${height + PITCH * 2}">${text}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 24}" viewBox="0 0 ${width} ${height + 24}" font-family="sans-serif" font-size="10">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<defs>${patterns.join('')}</defs>`,
    ...boxes,
    ...legend,
    '</svg>\n',
  ].join('\n')
}

function hex(color: Color): string {
  return `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}
