// What an action would make of a history, for drawing it before it is done.

import type { HistoryNode } from '../../../core/model/index.ts'
import type { NodeActionId } from './actions.ts'

/** An action that was chosen, and what it is about. */
export interface Preview {
  readonly action: NodeActionId
  readonly nodes: readonly HistoryNode[]
}

export interface Outcome {
  /** With the states that would be new. */
  readonly nodes: readonly HistoryNode[]
  readonly fresh: ReadonlySet<string>
  /** States that would be gone. */
  readonly gone: ReadonlySet<string>
  /** Lines that would be gone: from each of these to what it was made from. */
  readonly cut: ReadonlySet<string>
  /** Lines that would be new. */
  readonly links: readonly { readonly from: string; readonly to: string }[]
}

/** Id of the state that would be new. */
export const FRESH = 'fresh'

const NONE: Pick<Outcome, 'fresh' | 'gone' | 'cut' | 'links'> = {
  fresh: new Set(),
  gone: new Set(),
  cut: new Set(),
  links: [],
}

export function outcomeOf(nodes: readonly HistoryNode[], preview: Preview | undefined, title: string): Outcome {
  const [node] = preview?.nodes ?? []
  if (!preview || !node) return { ...NONE, nodes }
  const current = nodes.find(({ path, kind }) => path === node.path && kind !== 'snapshot')
  switch (preview.action) {
    case 'take':
      return current ? taken(nodes, current, title) : { ...NONE, nodes }
    case 'apply':
      if (!current) return { ...NONE, nodes }
      return { ...NONE, nodes, cut: new Set([current.id]), links: [{ from: current.id, to: node.id }] }
    case 'branch':
    case 'convert':
      return branched(nodes, node, title, preview.action === 'branch' && node.kind !== 'snapshot')
    case 'merge':
      return { ...NONE, nodes, links: node.parents.map((to) => ({ from: node.id, to: fileBelow(nodes, node) ?? to })) }
    case 'flatten': {
      const below = fileBelow(nodes, node)
      const last = nodes.findLast(({ path }) => path === node.path)
      return { ...NONE, nodes, cut: new Set(below === undefined || !last ? [] : [last.id]) }
    }
    case 'remove':
      return removed(nodes, node.kind === 'snapshot' ? preview.nodes : nodes.filter(({ path }) => path === node.path))
    default:
      return { ...NONE, nodes }
  }
}

function taken(nodes: readonly HistoryNode[], current: HistoryNode, name: string): Outcome {
  const fresh: HistoryNode = { ...bare(current, name), kind: 'snapshot', parents: current.parents }
  const after = nodes.flatMap((node) => (node === current ? [{ ...current, parents: [FRESH] }, fresh] : [node]))
  return { ...NONE, nodes: after, fresh: new Set([FRESH]) }
}

function branched(nodes: readonly HistoryNode[], base: HistoryNode, name: string, linked: boolean): Outcome {
  const fresh: HistoryNode = { ...bare(base, name), kind: 'layer', path: FRESH, parents: linked ? [base.id] : [] }
  const after = nodes.flatMap((node) => (node === base ? [fresh, node] : [node]))
  return { ...NONE, nodes: after, fresh: new Set([FRESH]) }
}

function removed(nodes: readonly HistoryNode[], chosen: readonly HistoryNode[]): Outcome {
  const gone = new Set(chosen.map(({ id }) => id))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const staying = (id: string | undefined): string | undefined => {
    let at = id
    while (at !== undefined && gone.has(at)) at = byId.get(at)?.parents[0]
    return at
  }
  const orphans = nodes.filter(({ id, parents }) => !gone.has(id) && parents.some((parent) => gone.has(parent)))
  const links = orphans.flatMap(({ id, parents }) => {
    const to = staying(parents[0])
    return to === undefined ? [] : [{ from: id, to }]
  })
  return { ...NONE, nodes, gone, cut: new Set([...gone, ...orphans.map(({ id }) => id)]), links }
}

/** What the file lies on, whatever snapshots are in between. */
export function fileBelow(nodes: readonly HistoryNode[], { id, path }: HistoryNode): string | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  let node = byId.get(id)
  for (let steps = 0; node && node.path === path && steps <= nodes.length; steps += 1)
    node = byId.get(node.parents[0] ?? '')
  return node?.id
}

function bare({ path }: HistoryNode, name: string): Omit<HistoryNode, 'kind' | 'parents'> {
  return { id: FRESH, path, name, tags: [] }
}
