// What can be done with the selected states of a history, told once: the bar, the menu and the keys draw from it.

import {
  ArrowRightLeft,
  Camera,
  GitBranch,
  GitCompare,
  GitMerge,
  Layers,
  Pencil,
  RotateCcw,
  Trash2,
} from 'lucide-react'
import type { ParseKeys } from 'i18next'
import type { LucideIcon } from 'lucide-react'
import type { HistoryNode, SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { baseOf } from '../../state/chain.ts'
import { openDialog } from '../../state/dialogs.ts'
import type { OpenDialog } from '../../state/dialogs.ts'
import { useVolumes } from '../../state/volumes.ts'

export type NodeActionId =
  'take' | 'apply' | 'branch' | 'merge' | 'flatten' | 'convert' | 'compare' | 'rename' | 'remove'

/** The selected states, which are of one file, and what is known around them. */
export interface Target {
  readonly nodes: readonly HistoryNode[]
  /** The library's row of that file. */
  readonly volume: Volume | undefined
  readonly family: readonly HistoryNode[]
}

export interface NodeAction {
  readonly id: NodeActionId
  readonly title: ParseKeys
  readonly icon: LucideIcon
  /** As `KeyboardEvent.key` has it. */
  readonly key?: string
  readonly shortcut?: string
  /** Its outcome is drawn before anything is asked. */
  readonly previews: boolean
  /** Why it cannot be done with these. */
  readonly reason: (target: Target) => ParseKeys | undefined
  /** Asks for what is still to be said, and does it. */
  readonly run: (target: Target) => void
}

type Reason = NodeAction['reason']

/** One or more, all of one file that the library shows. */
const known: Reason = ({ nodes, volume }) => {
  const [node, ...others] = nodes
  if (!node) return 'history.selectFirst'
  if (others.some(({ path }) => path !== node.path)) return 'history.oneFile'
  if (node.tags.includes('missing')) return 'history.isMissing'
  return volume ? undefined : 'history.notShown'
}

const one: Reason = (target) => known(target) ?? (target.nodes.length > 1 ? 'history.selectOne' : undefined)

const oneSnapshot: Reason = (target) => one(target) ?? (target.nodes[0]?.snapshot ? undefined : 'history.onlySnapshot')

const oneOverlay: Reason = (target) => {
  const why = one(target)
  if (why !== undefined) return why
  if (target.nodes[0]?.snapshot) return 'history.onlyFile'
  return target.volume?.backing === undefined ? 'command.noBase' : undefined
}

const removable: Reason = (target) => {
  const why = known(target)
  if (why !== undefined) return why
  const some = target.nodes.length > 1 && target.nodes.some(({ snapshot }) => !snapshot)
  return some ? 'history.selectOne' : undefined
}

export function snapshotsOf(nodes: readonly HistoryNode[]): readonly SnapshotFacts[] {
  return nodes.flatMap(({ snapshot }) => snapshot ?? [])
}

function withVolume(run: (volume: Volume, snapshot: SnapshotFacts | undefined) => void): NodeAction['run'] {
  return ({ volume, nodes }) => {
    if (volume) run(volume, nodes[0]?.snapshot)
  }
}

function convertFrom(volume: Volume, snapshot: SnapshotFacts | undefined): void {
  openDialog({ kind: 'convert', sources: [{ kind: 'library', volume }], ...(snapshot && { snapshot }) })
}

/** Two states, the older one first; a snapshot alone with the disk as it is now, and a file with what it lies on. */
function compared({ nodes, volume }: Target): OpenDialog | undefined {
  if (!volume || nodes.length === 0 || nodes.length > 2) return undefined
  const [first, second] = snapshotsOf(nodes).toSorted((one, other) => one.createdAt - other.createdAt)
  if (first) {
    const later = second && { rightSnapshot: second.id }
    return { kind: 'compare', left: volume, right: volume, leftSnapshot: first.id, ...later }
  }
  const base = baseOf(volume, useVolumes.getState().byId.values())
  return base && { kind: 'compare', left: base, right: volume }
}

export const NODE_ACTIONS: readonly NodeAction[] = [
  {
    id: 'apply',
    title: 'snapshots.apply',
    icon: RotateCcw,
    previews: true,
    reason: oneSnapshot,
    run: withVolume((volume, snapshot) => snapshot && openDialog({ kind: 'apply-snapshot', volume, snapshot })),
  },
  {
    id: 'branch',
    title: 'history.branch',
    icon: GitBranch,
    previews: true,
    reason: one,
    // Nothing can lie on a snapshot inside a file: what branches off there is an image of its own.
    run: withVolume((volume, snapshot) =>
      snapshot ? convertFrom(volume, snapshot) : openDialog({ kind: 'create', backing: volume }),
    ),
  },
  {
    id: 'merge',
    title: 'command.commit',
    icon: GitMerge,
    previews: true,
    reason: oneOverlay,
    run: withVolume((volume) => openDialog({ kind: 'commit', volume })),
  },
  {
    id: 'flatten',
    title: 'command.flatten',
    icon: Layers,
    previews: true,
    reason: oneOverlay,
    run: withVolume((volume) => openDialog({ kind: 'flatten', volume })),
  },
  {
    id: 'convert',
    title: 'snapshots.convert',
    icon: ArrowRightLeft,
    previews: false,
    reason: one,
    run: withVolume(convertFrom),
  },
  {
    id: 'compare',
    title: 'snapshots.compare',
    icon: GitCompare,
    previews: false,
    reason: (target) => known(target) ?? (compared(target) ? undefined : 'snapshots.selectOneOrTwo'),
    run: (target) => {
      const dialog = compared(target)
      if (dialog) openDialog(dialog)
    },
  },
  {
    id: 'rename',
    title: 'snapshots.rename',
    icon: Pencil,
    key: 'F2',
    shortcut: 'F2',
    previews: false,
    reason: oneSnapshot,
    run: withVolume((volume, snapshot) => snapshot && openDialog({ kind: 'rename-snapshot', volume, snapshot })),
  },
  {
    id: 'remove',
    title: 'snapshots.remove',
    icon: Trash2,
    key: 'Delete',
    shortcut: 'Del',
    previews: true,
    reason: removable,
    run: ({ nodes, volume }) => {
      const snapshots = snapshotsOf(nodes)
      // What becomes of a file is told, and done, where its outcome is shown.
      if (volume && snapshots.length > 0) openDialog({ kind: 'remove-snapshots', volume, snapshots })
    },
  },
]

/** Stands by itself: it is about a file, whatever is selected of it. */
export const TAKE: NodeAction = {
  id: 'take',
  title: 'snapshots.take',
  icon: Camera,
  previews: true,
  reason: ({ volume }) => (volume ? undefined : 'history.notShown'),
  run: withVolume((volume) => openDialog({ kind: 'take-snapshot', volume })),
}
