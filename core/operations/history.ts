// history: the files and snapshots a disk was made from, and those made from them, with what each of them takes.

import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { ImageNode } from '../library/graph.ts'
import type { History, HistoryNode, HistoryTag, LayerCost } from '../model/history.ts'
import type { FormatId } from '../model/image.ts'
import { isUsedByOthers } from '../storage/image-locks.ts'
import { inspect } from './inspect.ts'
import { layerCosts } from './layer-costs.ts'
import type { Parts } from './parts.ts'
import { familyIn } from './tree.ts'

export interface HistorySpec {
  /** Absolute. */
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: FormatId
}

/** The family of an image as one graph. */
export async function history(spec: HistorySpec, signal: AbortSignal, parts: Parts): Promise<History> {
  const root = await family(spec, signal, parts)
  const current = await currentPath(spec, parts)
  const costs = await layerCosts([root], signal, parts)
  const nodes: HistoryNode[] = []
  for (const { node, base } of withBases(root)) {
    const inUse = !node.missing && (await isInUse(node.path, parts))
    nodes.push(...nodesOf(node, base, { isCurrent: node.path === current, inUse, cost: costs.get(node.path) }))
  }
  return { nodes: newestFirst(nodes) }
}

/**
 * What lies below an image, and all that lie on any of those, as far as they are in the same folders or known to the
 * library.
 */
export async function family(spec: HistorySpec, signal: AbortSignal, parts: Parts): Promise<ImageNode> {
  const path = await currentPath(spec, parts)
  return familyIn(path, await foldersBelow(path, spec.format, parts), signal, parts)
}

async function currentPath({ path, format }: HistorySpec, parts: Parts): Promise<string> {
  const [facts] = await inspect({ path, chain: false, ...(format !== undefined && { format }) }, parts)
  return real(facts?.path ?? path)
}

/** Of the image and everything below it, as far as that can be opened. */
async function foldersBelow(path: string, format: FormatId | undefined, parts: Parts): Promise<readonly string[]> {
  const chain = await inspect({ path, chain: true, ...(format !== undefined && { format }) }, parts)
  const lost = chain.at(-1)?.backingPath
  const files = [...chain.map((facts) => facts.path), ...(lost === undefined ? [] : [lost])]
  return [...new Set(await Promise.all(files.map(async (file) => dirname(await real(file)))))]
}

function* withBases(root: ImageNode, base?: ImageNode): Generator<{ node: ImageNode; base: ImageNode | undefined }> {
  yield { node: root, base }
  for (const child of root.children) yield* withBases(child, root)
}

interface Seen {
  readonly isCurrent: boolean
  readonly inUse: boolean
  readonly cost: LayerCost | undefined
}

/** What the file holds now, and the snapshots inside it. */
function nodesOf(node: ImageNode, base: ImageNode | undefined, { isCurrent, inUse, cost }: Seen): HistoryNode[] {
  const { path, facts, error, missing } = node
  const { snapshots = [] } = facts?.details ?? {}
  const below = base ? [base.path] : []
  const idOf = (snapshot: string): string => `${path}#${snapshot}`
  const oldest = snapshots[0]
  // What was made from nothing inside the file was made from what lies below it.
  const parentsOf = (madeFrom: string | undefined, otherwise: readonly string[]): readonly string[] =>
    madeFrom === undefined ? otherwise : [idOf(madeFrom)]
  const latest = snapshots.at(-1)
  const problem = error ?? facts?.unreadable ?? cost?.problem
  const tags: readonly HistoryTag[] = [
    ...(isCurrent ? (['current'] as const) : []),
    'external',
    ...(inUse ? (['in-use'] as const) : []),
    ...(missing ? (['missing'] as const) : []),
  ]
  return [
    {
      id: path,
      kind: isCurrent ? 'current' : 'layer',
      path,
      name: basename(path),
      ...(facts && { format: facts.format, date: facts.modifiedAt, virtualSize: facts.virtualSize }),
      ...(cost && { own: cost.own, ...(cost.frees !== undefined && { frees: cost.frees }) }),
      parents: parentsOf(cost?.madeFrom, latest ? [idOf(latest.id)] : below),
      tags,
      ...(problem && { problem }),
    },
    ...snapshots.map((snapshot, index): HistoryNode => {
      const its = cost?.snapshots.find(({ id }) => id === snapshot.id)
      const before = snapshots[index - 1]
      return {
        id: idOf(snapshot.id),
        kind: 'snapshot',
        path,
        name: snapshot.name === '' ? snapshot.id : snapshot.name,
        ...(facts && { format: facts.format }),
        snapshot,
        date: snapshot.createdAt,
        ...(snapshot.virtualSize !== undefined && { virtualSize: snapshot.virtualSize }),
        ...(its && { own: its.own, frees: its.frees }),
        parents: snapshot === oldest ? below : parentsOf(its?.madeFrom, before ? [idOf(before.id)] : below),
        tags: ['internal'],
      }
    }),
  ]
}

/** Newest first, but never above what was made from it, whatever the clocks said. */
export function newestFirst(nodes: readonly HistoryNode[]): readonly HistoryNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const waiting = new Map<string, number>()
  for (const { parents } of nodes) for (const id of parents) waiting.set(id, (waiting.get(id) ?? 0) + 1)
  const ready = new Queue(nodes.filter(({ id }) => !waiting.has(id)))
  const ordered: HistoryNode[] = []
  for (let node = ready.take(); node; node = ready.take()) {
    ordered.push(node)
    for (const id of node.parents) {
      const left = (waiting.get(id) ?? 0) - 1
      waiting.set(id, left)
      const parent = byId.get(id)
      if (left === 0 && parent) ready.add(parent)
    }
  }
  return ordered
}

/** Gives out the newest of what is in it; the present first of what is equally new. */
class Queue {
  readonly #nodes: HistoryNode[]

  constructor(nodes: readonly HistoryNode[]) {
    this.#nodes = [...nodes].toSorted(olderFirst)
  }

  take(): HistoryNode | undefined {
    return this.#nodes.pop()
  }

  add(node: HistoryNode): void {
    let from = 0
    let to = this.#nodes.length
    while (from < to) {
      const middle = (from + to) >>> 1
      const one = this.#nodes[middle]
      if (one && olderFirst(one, node) <= 0) from = middle + 1
      else to = middle
    }
    this.#nodes.splice(from, 0, node)
  }
}

function olderFirst(one: HistoryNode, other: HistoryNode): number {
  return Number(one.kind === 'current') - Number(other.kind === 'current') || (one.date ?? 0) - (other.date ?? 0)
}

async function isInUse(path: string, parts: Parts): Promise<boolean> {
  try {
    await using storage = await parts.look(path, 'read')
    return isUsedByOthers(storage)
  } catch {
    // Why it cannot be opened is told elsewhere.
    return false
  }
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}
