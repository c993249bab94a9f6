// What can be done with the selected snapshots, told once: the bar, the menu and the keys draw from it.

import { ArrowRightLeft, Pencil, RotateCcw, Trash2 } from 'lucide-react'
import type { ParseKeys } from 'i18next'
import type { LucideIcon } from 'lucide-react'
import type { SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { openDialog } from '../../state/dialogs.ts'

export interface SnapshotAction {
  readonly id: 'apply' | 'convert' | 'rename' | 'remove'
  readonly title: ParseKeys
  readonly icon: LucideIcon
  /** As `KeyboardEvent.key` has it. */
  readonly key?: string
  readonly shortcut?: string
  /** Why it cannot be done with these. */
  readonly reason: (selected: readonly SnapshotFacts[]) => ParseKeys | undefined
  readonly run: (volume: Volume, selected: readonly SnapshotFacts[]) => void
}

const onlyOne = ({ length }: readonly SnapshotFacts[]): ParseKeys | undefined =>
  length === 1 ? undefined : 'snapshots.selectOne'

function withOne(run: (volume: Volume, snapshot: SnapshotFacts) => void): SnapshotAction['run'] {
  return (volume, [snapshot]) => {
    if (snapshot) run(volume, snapshot)
  }
}

export const SNAPSHOT_ACTIONS: readonly SnapshotAction[] = [
  {
    id: 'apply',
    title: 'snapshots.apply',
    icon: RotateCcw,
    reason: onlyOne,
    run: withOne((volume, snapshot) => openDialog({ kind: 'apply-snapshot', volume, snapshot })),
  },
  {
    id: 'convert',
    title: 'snapshots.convert',
    icon: ArrowRightLeft,
    reason: onlyOne,
    run: withOne((volume, snapshot) =>
      openDialog({ kind: 'convert', sources: [{ kind: 'library', volume }], snapshot }),
    ),
  },
  {
    id: 'rename',
    title: 'snapshots.rename',
    icon: Pencil,
    key: 'F2',
    shortcut: 'F2',
    reason: onlyOne,
    run: withOne((volume, snapshot) => openDialog({ kind: 'rename-snapshot', volume, snapshot })),
  },
  {
    id: 'remove',
    title: 'snapshots.remove',
    icon: Trash2,
    key: 'Delete',
    shortcut: 'Del',
    reason: ({ length }) => (length === 0 ? 'snapshots.selectFirst' : undefined),
    run: (volume, snapshots) => openDialog({ kind: 'remove-snapshots', volume, snapshots }),
  },
]
