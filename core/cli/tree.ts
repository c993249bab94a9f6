// `spindle tree`: which images there are, what lies on what, and the snapshots inside them.

import { statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { ImageNode, Operations } from '../index.ts'
import type { LayerCost, SnapshotCost } from '../model/history.ts'
import type { SnapshotFacts } from '../model/image.ts'
import type { CommandWords } from './arguments.ts'
import { OUTPUT, outputKind } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { jsonText, sizeText } from './wording.ts'
import type { Json } from './wording.ts'

const words: CommandWords = {
  name: 'tree',
  summary: 'Show all images of a folder, what lies on what, and what each takes',
  operands: '[FOLDER|FILE …]',
  options: [{ long: 'recursive', short: 'r', help: 'look into the folders inside as well' }, OUTPUT],
  refused: [],
  notes: [
    'Without FOLDER it is the one you are in; for a FILE, what it lies on and what lies on that is shown. An image stands below the one it lies on, wherever that is kept; snapshots inside an image come first. What an image needs and is not there is called missing.',
    '“own” is what nothing else refers to, “frees” what comes back when that one alone is deleted; for an image between two others, after it was merged into the one below. Both are counted from the tables, nothing is estimated.',
  ],
}

export const tree: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const kind = outputKind(words, given)
    const named = (given.operands.length > 0 ? given.operands : ['.']).map((path) => resolve(path))
    const folders = named.filter(isFolder)
    const roots = [
      ...(folders.length > 0 ? await operations.tree({ folders, deep: given.has('recursive') }, signal) : []),
      ...(await families(
        named.filter((path) => !isFolder(path)),
        operations,
        signal,
      )),
    ]
    const costs = await operations.layerCosts(roots, signal)
    console.out(
      kind === 'json'
        ? `${jsonText(roots.map((root) => jsonNode(root, costs)))}\n`
        : roots.flatMap((root) => lines(root, costs)).join(''),
    )
    return roots.some(isBroken) ? 1 : 0
  },
}

type Costs = ReadonlyMap<string, LayerCost>

/** Files of one family are shown once. */
async function families(
  files: readonly string[],
  operations: Operations,
  signal: AbortSignal,
): Promise<readonly ImageNode[]> {
  const roots = new Map<string, ImageNode>()
  for (const path of files) {
    const root = await operations.family({ path }, signal)
    roots.set(root.path, root)
  }
  return [...roots.values()]
}

/** What is not there is a file that is not there. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function isBroken(node: ImageNode): boolean {
  return node.missing || node.error !== undefined || node.children.some(isBroken)
}

/** `indent` stands in front of what is below the node. */
function lines(node: ImageNode, costs: Costs, head = '', indent = ''): readonly string[] {
  const snapshots = node.facts?.details.snapshots ?? []
  const cost = costs.get(node.path)
  const below = [
    ...snapshots.map((one) => [snapshotText(one, costOf(cost, one))] as const),
    ...node.children.map((one) => [one] as const),
  ]
  return [
    `${head}${printable(nodeText(node, cost))}\n`,
    ...below.flatMap(([one], index) => {
      const [branch, space] = index === below.length - 1 ? ['└── ', '    '] : ['├── ', '│   ']
      if (typeof one === 'string') return [`${indent}${branch}${printable(one)}\n`]
      return lines(one, costs, indent + branch, indent + space)
    }),
  ]
}

function nodeText({ path, facts, error, missing }: ImageNode, cost: LayerCost | undefined): string {
  const name = shownPath(path)
  if (missing) return `${name}  missing`
  if (error) return `${name}  cannot be opened: ${error.message}`
  if (!facts) return name
  const { format, virtualSize, allocatedSize } = facts
  const onDisk = `${sizeText(allocatedSize)} on disk`
  // Of a file without snapshots all is its own.
  const own = cost && cost.snapshots.length > 0 ? [`${sizeText(cost.own)} own`] : []
  const frees = cost?.frees === undefined ? [] : [`frees ${sizeText(cost.frees)}`]
  return `${name}  ${[format, sizeText(virtualSize), onDisk, ...own, ...frees].join(', ')}`
}

function snapshotText({ id, name, createdAt, vmStateSize }: SnapshotFacts, cost: SnapshotCost | undefined): string {
  const date = new Date(createdAt).toISOString().replace('T', ' ').slice(0, 16)
  const facts = [
    `snapshot ${id}`,
    date,
    ...(vmStateSize > 0 ? ['with machine state'] : []),
    ...(cost ? [`${sizeText(cost.own)} own`, `frees ${sizeText(cost.frees)}`] : []),
  ]
  return `◇ ${name === '' ? id : name}  ${facts.join(', ')}`
}

function costOf(cost: LayerCost | undefined, { id }: SnapshotFacts): SnapshotCost | undefined {
  return cost?.snapshots.find((one) => one.id === id)
}

function shownPath(path: string): string {
  const near = relative('.', path)
  return path.startsWith('/') && !near.startsWith('../..') ? near : path
}

function jsonNode({ path, facts, error, missing, children }: ImageNode, costs: Costs): Json {
  const cost = costs.get(path)
  return {
    filename: path,
    missing,
    format: facts?.format,
    'virtual-size': facts?.virtualSize,
    'actual-size': facts?.allocatedSize,
    'own-size': cost?.own,
    'frees-size': cost?.frees,
    'made-from': cost?.madeFrom,
    error: (error ?? cost?.problem)?.message,
    snapshots: (facts?.details.snapshots ?? []).map((snapshot) => {
      const its = costOf(cost, snapshot)
      return {
        id: snapshot.id,
        name: snapshot.name,
        'date-sec': Math.floor(snapshot.createdAt / 1000),
        'vm-state-size': snapshot.vmStateSize,
        'own-size': its?.own,
        'frees-size': its?.frees,
        'made-from': its?.madeFrom,
      }
    }),
    children: children.map((child) => jsonNode(child, costs)),
  }
}
