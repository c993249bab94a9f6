// What image files, and the states inside them, take and would free: from their tables, nothing estimated.

import { openLayer } from '../image/chain.ts'
import { aloneGate } from '../image/gate.ts'
import { VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import type { ImageNode } from '../library/graph.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { LayerCost } from '../model/history.ts'
import type { ImageFacts } from '../model/image.ts'
import { turnsOf } from './cancel.ts'
import { FileHoles } from './file-holes.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

/** Of all images in these trees that can be opened, by path. */
export async function layerCosts(
  roots: readonly ImageNode[],
  signal: AbortSignal,
  parts: Parts,
): Promise<ReadonlyMap<string, LayerCost>> {
  const looking: Parts = { ...parts, openFile: parts.look, gate: { ...parts.gate, secrets: undefined } }
  const pace = turnsOf(signal)
  const costs = new Map<string, LayerCost>()
  const visit = async (node: ImageNode, base: ImageNode | undefined): Promise<void> => {
    await pace(0)
    if (node.facts) costs.set(node.path, await costOf({ ...node, facts: node.facts }, base, pace, looking))
    for (const child of node.children) await visit(child, node)
  }
  for (const root of roots) await visit(root, undefined)
  return costs
}

interface Placed {
  readonly path: string
  readonly facts: ImageFacts
  readonly children: readonly ImageNode[]
}

async function costOf(node: Placed, base: ImageNode | undefined, pace: Pace, parts: Parts): Promise<LayerCost> {
  const { facts, children } = node
  const { snapshots = [] } = facts.details
  const whole = { own: facts.allocatedSize, snapshots: [], shared: 0 }
  try {
    if (snapshots.length > 0) return await statesOf(facts, pace, parts)
    if (children.length === 0) return { ...whole, frees: facts.allocatedSize }
    const growth = base?.facts && (await growthOf(facts, base.facts, pace, parts))
    return growth === undefined ? whole : { ...whole, frees: Math.max(0, facts.allocatedSize - growth) }
  } catch (error) {
    // One file that is damaged, locked up or just being changed says nothing against the others.
    if (error instanceof SpindleError && error.code !== 'cancelled') return { ...whole, problem: errorData(error) }
    throw error
  }
}

async function statesOf({ path, format, allocatedSize }: ImageFacts, pace: Pace, parts: Parts): Promise<LayerCost> {
  const how = { ...parts, gate: aloneGate(parts.openFile) }
  await using layer = await openLayer(await parts.openFile(path, 'read'), format, 'read', how)
  if (layer.unreadable) throw SpindleError.fromData(layer.unreadable)
  if (!layer.costs) return { own: allocatedSize, snapshots: [], shared: 0 }
  const { current, snapshots, shared } = await layer.costs.costs(pace)
  const { own, madeFrom } = current
  return { own, ...(madeFrom !== undefined && { madeFrom }), snapshots, shared }
}

/**
 * Bytes that the base takes more once everything of the layer has been moved into it: its blocks that hold nothing yet.
 * Undefined where snapshots inside the base keep what would be overwritten.
 */
async function growthOf(
  { path, format }: ImageFacts,
  base: ImageFacts,
  pace: Pace,
  parts: Parts,
): Promise<number | undefined> {
  if ((base.details.snapshots ?? []).length > 0) return undefined
  await using chain = await openSource(path, format, parts)
  const [top, below] = chain.layers
  if (!below) return undefined
  const above = new VirtualDisk([top ?? chain.top])
  const under = new VirtualDisk([below])
  const holes = await FileHoles.of(under)
  const block = base.details.clusterSize ?? below.blockSize
  let growth = 0
  let next = 0
  let position = 0
  for await (const extents of above.extents()) {
    await pace(0)
    for (const { kind, length } of extents) {
      const end = position + length
      if (kind === 'data' || kind === 'packed') {
        const start = Math.max(next, Math.floor(position / block) * block)
        next = Math.ceil(end / block) * block
        if (next > start) growth += await missing(under, holes, start, next, block)
      }
      position = end
    }
  }
  return growth
}

/** Bytes of whole blocks from `start` up to `end` for which the disk has no room yet. */
async function missing(
  disk: VirtualDisk,
  holes: FileHoles,
  start: number,
  end: number,
  block: number,
): Promise<number> {
  const stop = Math.min(end, disk.size)
  let bytes = end - Math.max(start, Math.min(end, Math.ceil(disk.size / block) * block))
  let open = start / block
  let hasRoom = false
  let position = start
  while (position < stop) {
    for (const { extent, isHole } of await holes.pieces(await disk.map(position, stop - position))) {
      const has = !isHole && (extent.kind === 'data' || extent.kind === 'packed' || extent.offset !== undefined)
      const first = Math.floor(position / block)
      const last = Math.floor((position + extent.length - 1) / block)
      if (first > open) {
        if (!hasRoom) bytes += block
        hasRoom = false
      }
      // Of a block that several extents share, one is enough.
      hasRoom ||= has
      if (last > first) {
        if (!hasRoom) bytes += block
        if (!has) bytes += (last - first - 1) * block
        hasRoom = has
      }
      open = last
      position += extent.length
    }
  }
  return position > start && !hasRoom ? bytes + block : bytes
}
