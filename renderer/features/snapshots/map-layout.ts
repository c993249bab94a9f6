// Where each file of a history stands on the map: the first at the left, what lies on it to its right.

import type { HistoryNode } from '../../../core/model/index.ts'
import { fileBelow } from './outcome.ts'

export interface MapBox {
  readonly path: string
  /** What the file holds now. */
  readonly file: HistoryNode
  /** Newest first. */
  readonly snapshots: readonly HistoryNode[]
  readonly x: number
  readonly y: number
  readonly height: number
  /** Path of the file it lies on. */
  readonly below: string | undefined
}

export interface MapLayout {
  readonly boxes: readonly MapBox[]
  readonly width: number
  readonly height: number
}

export const BOX_WIDTH = 152
export const LINE_HEIGHT = 20
const HEAD_HEIGHT = 44
const COLUMN = 196
const GAP = 16
const MARGIN = 16

export function mapOf(nodes: readonly HistoryNode[]): MapLayout {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const files = nodes.filter(({ kind }) => kind !== 'snapshot')
  const belowOf = new Map(files.map((file) => [file.path, byId.get(fileBelow(nodes, file) ?? '')?.path]))
  const above = new Map<string | undefined, HistoryNode[]>()
  // Oldest first, so that a branch stands below what it branched off.
  for (const file of files.toReversed()) {
    const below = belowOf.get(file.path)
    above.set(below, [...(above.get(below) ?? []), file])
  }
  const boxes: MapBox[] = []
  let bottom = MARGIN
  let width = 0
  const place = (file: HistoryNode, depth: number, top: number): number => {
    const snapshots = nodes.filter(({ path, kind }) => path === file.path && kind === 'snapshot')
    const height = HEAD_HEIGHT + (snapshots.length === 0 ? 0 : snapshots.length * LINE_HEIGHT + 4)
    const x = MARGIN + depth * COLUMN
    const first = boxes.length
    let next = top
    for (const child of above.get(file.path) ?? []) next = place(child, depth + 1, next)
    const children = boxes.slice(first).filter(({ below }) => below === file.path)
    const [highest, lowest] = [children[0], children.at(-1)]
    const middle = highest && lowest ? (highest.y + lowest.y + lowest.height) / 2 : top + height / 2
    const y = Math.max(top, middle - height / 2)
    boxes.push({ path: file.path, file, snapshots, x, y, height, below: belowOf.get(file.path) })
    width = Math.max(width, x + BOX_WIDTH)
    bottom = Math.max(bottom, y + height)
    return Math.max(next, y + height + GAP)
  }
  let top = MARGIN
  for (const root of above.get(undefined) ?? []) top = place(root, 0, top)
  return { boxes, width: width + MARGIN, height: bottom + MARGIN }
}
