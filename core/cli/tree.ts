// `spindle tree`: which images there are, what lies on what, and the snapshots inside them.

import { relative, resolve } from 'node:path'
import type { ImageNode } from '../index.ts'
import type { SnapshotFacts } from '../model/image.ts'
import type { CommandWords } from './arguments.ts'
import { OUTPUT, outputKind } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { jsonText, sizeText } from './wording.ts'
import type { Json } from './wording.ts'

const words: CommandWords = {
  name: 'tree',
  summary: 'Show all images of a folder and what lies on what',
  operands: '[FOLDER …]',
  options: [{ long: 'recursive', short: 'r', help: 'look into the folders inside as well' }, OUTPUT],
  refused: [],
  notes: [
    'Without FOLDER it is the one you are in. An image stands below the one it lies on, wherever that is kept; snapshots inside an image come first. What an image needs and is not there is called missing.',
  ],
}

export const tree: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const kind = outputKind(words, given)
    const folders = (given.operands.length > 0 ? given.operands : ['.']).map((folder) => resolve(folder))
    const roots = await operations.tree({ folders, deep: given.has('recursive') }, signal)
    console.out(kind === 'json' ? `${jsonText(roots.map(jsonNode))}\n` : roots.flatMap((root) => lines(root)).join(''))
    return roots.some(isBroken) ? 1 : 0
  },
}

function isBroken(node: ImageNode): boolean {
  return node.missing || node.error !== undefined || node.children.some(isBroken)
}

/** `indent` stands in front of what is below the node. */
function lines(node: ImageNode, head = '', indent = ''): readonly string[] {
  const snapshots = node.facts?.details.snapshots ?? []
  const below = [...snapshots.map((one) => [snapshotText(one)] as const), ...node.children.map((one) => [one] as const)]
  return [
    `${head}${printable(nodeText(node))}\n`,
    ...below.flatMap(([one], index) => {
      const [branch, space] = index === below.length - 1 ? ['└── ', '    '] : ['├── ', '│   ']
      if (typeof one === 'string') return [`${indent}${branch}${printable(one)}\n`]
      return lines(one, indent + branch, indent + space)
    }),
  ]
}

function nodeText({ path, facts, error, missing }: ImageNode): string {
  const name = shownPath(path)
  if (missing) return `${name}  missing`
  if (error) return `${name}  cannot be opened: ${error.message}`
  if (!facts) return name
  const { format, virtualSize, allocatedSize } = facts
  return `${name}  ${format}, ${sizeText(virtualSize)}, ${sizeText(allocatedSize)} on disk`
}

function snapshotText({ id, name, createdAt, vmStateSize }: SnapshotFacts): string {
  const date = new Date(createdAt).toISOString().replace('T', ' ').slice(0, 16)
  return `◇ ${name === '' ? id : name}  snapshot ${id}, ${date}${vmStateSize > 0 ? ', with machine state' : ''}`
}

function shownPath(path: string): string {
  const near = relative('.', path)
  return path.startsWith('/') && !near.startsWith('../..') ? near : path
}

function jsonNode({ path, facts, error, missing, children }: ImageNode): Json {
  return {
    filename: path,
    missing,
    format: facts?.format,
    'virtual-size': facts?.virtualSize,
    'actual-size': facts?.allocatedSize,
    error: error?.message,
    snapshots: (facts?.details.snapshots ?? []).map(({ id, name, createdAt, vmStateSize }) => ({
      id,
      name,
      'date-sec': Math.floor(createdAt / 1000),
      'vm-state-size': vmStateSize,
    })),
    children: children.map(jsonNode),
  }
}
