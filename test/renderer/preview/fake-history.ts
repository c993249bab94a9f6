// Histories for previews: a family as a busy machine has it, and the plain one of everybody else.

import type { History, HistoryNode } from '../../../core/model/history.ts'
import type { Volume } from '../../../electron/contract/data.ts'

export function familyOf({ path, modifiedAt }: Volume): History {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const node: HistoryNode = { id: path, kind: 'current', path, name, date: modifiedAt, parents: [], tags: ['current'] }
  return { nodes: [node] }
}
