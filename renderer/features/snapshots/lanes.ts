// Where each state of a history stands on the rail, and which lines lead from it to what it was made from.

import type { HistoryNode } from '../../../core/model/index.ts'

export interface RailEdge {
  readonly id: string
  /** Row of the state, and of the one it was made from, further down. */
  readonly from: number
  readonly to: number
  readonly fromLane: number
  readonly toLane: number
  /** On the way from the first state to the current one. */
  readonly isPath: boolean
}

/** All that one file holds. */
export interface RailBand {
  readonly path: string
  readonly first: number
  readonly last: number
  readonly leftLane: number
  readonly rightLane: number
}

export interface Rail {
  /** Of each row. */
  readonly lanes: readonly number[]
  readonly laneCount: number
  readonly edges: readonly RailEdge[]
  readonly bands: readonly RailBand[]
  readonly path: ReadonlySet<string>
}

/** `nodes` stand newest first, each before those it was made from. The way to the current state keeps the first lane. */
export function railOf(nodes: readonly HistoryNode[]): Rail {
  const rows = new Map(nodes.map(({ id }, row) => [id, row]))
  const path = pathOf(nodes)
  /** What each lane leads to, from the row above on. */
  const waiting: (string | undefined)[] = []
  const lanes: number[] = []
  const edges: RailEdge[] = []
  for (const { id, parents } of nodes) {
    const ending = waiting.flatMap((target, lane) => (target === id ? [lane] : []))
    const lane = path.has(id) ? 0 : (ending.find((one) => one > 0) ?? freeLane(waiting))
    for (const one of ending) waiting[one] = undefined
    lanes.push(lane)
    const [parent] = parents
    waiting[lane] = parent !== undefined && rows.has(parent) ? parent : undefined
  }
  for (const [row, { id, parents }] of nodes.entries()) {
    for (const parent of parents) {
      const to = rows.get(parent)
      if (to === undefined) continue
      const isPath = path.has(id) && path.has(parent)
      edges.push({ id: `${id} ${parent}`, from: row, to, fromLane: lanes[row] ?? 0, toLane: lanes[to] ?? 0, isPath })
    }
  }
  return { lanes, laneCount: Math.max(1, ...lanes.map((lane) => lane + 1)), edges, bands: bandsOf(nodes, lanes), path }
}

function pathOf(nodes: readonly HistoryNode[]): ReadonlySet<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const path = new Set<string>()
  let node = nodes.find(({ kind }) => kind === 'current')
  while (node && !path.has(node.id)) {
    path.add(node.id)
    node = byId.get(node.parents[0] ?? '')
  }
  return path
}

function freeLane(waiting: readonly (string | undefined)[]): number {
  let lane = 1
  while (waiting[lane] !== undefined) lane += 1
  return lane
}

function bandsOf(nodes: readonly HistoryNode[], lanes: readonly number[]): readonly RailBand[] {
  const bands = new Map<string, RailBand>()
  for (const [row, { path }] of nodes.entries()) {
    const lane = lanes[row] ?? 0
    const band = bands.get(path) ?? { path, first: row, last: row, leftLane: lane, rightLane: lane }
    bands.set(path, {
      ...band,
      last: row,
      leftLane: Math.min(band.leftLane, lane),
      rightLane: Math.max(band.rightLane, lane),
    })
  }
  return [...bands.values()].filter(({ first, last }) => last > first)
}
