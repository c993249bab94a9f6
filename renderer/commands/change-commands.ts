// Commands that look into volumes, or change them where they are.

import {
  Bookmark,
  Camera,
  FileText,
  FoldVertical,
  GitBranch,
  GitBranchPlus,
  GitCompare,
  GitMerge,
  HardDrive,
  History,
  KeyRound,
  Layers,
  Lock,
  LockOpen,
  Map as MapIcon,
  MoveHorizontal,
  PieChart,
  Settings2,
  ScrollText,
  ShieldCheck,
  Stethoscope,
  Undo2,
} from 'lucide-react'
import type { ParseKeys } from 'i18next'
import type { Capabilities } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import { openDialog } from '../state/dialogs.ts'
import { factsOf, useFormats } from '../state/formats.ts'
import { startChecks } from '../state/jobs.ts'
import { lockNow, whenUnlocked } from '../state/locks.ts'
import { tell } from '../state/notices.ts'
import { undoLastChange, useUndo } from '../state/undo.ts'
import { selectedVolumes, showVolume } from '../state/view.ts'
import type { VolumeTab } from '../state/view.ts'
import { baseOf } from '../state/chain.ts'
import { useVolumes } from '../state/volumes.ts'
import type { Command } from './command.ts'

function selected(): Volume | undefined {
  const volumes = selectedVolumes()
  return volumes.length === 1 ? volumes[0] : undefined
}

function capabilities({ format }: Volume): Capabilities | undefined {
  return factsOf(useFormats.getState().formats, format)?.capabilities
}

/** Why the one selected volume cannot be changed, or a part of it that not every format has. */
function unless(can: (capabilities: Capabilities) => boolean, otherwise: ParseKeys): ParseKeys | undefined {
  const volume = selected()
  if (!volume) return 'command.selectOne'
  const its = capabilities(volume)
  if (!its || !can(its)) return otherwise
  return volume.error && volume.error.code !== 'missing-file' ? 'command.notReadable' : undefined
}

function withSelected(run: (volume: Volume) => void): () => void {
  return () => {
    const volume = selected()
    if (volume) run(volume)
  }
}

/** The same for what reads the guest's data or writes it: an encrypted volume is unlocked first. */
function withUnlocked(run: (volume: Volume) => void): () => void {
  return withSelected((volume) => whenUnlocked([volume], () => run(volume)))
}

function open(tab: VolumeTab): () => void {
  return withSelected((volume) => showVolume(volume.id, tab))
}

/** Others lie on it. */
function isBase(): boolean {
  return (selected()?.overlayCount ?? 0) > 0
}

/** The page of a volume that says most of it. */
export function openVolume(volume: Volume): void {
  showVolume(volume.id, capabilities(volume)?.snapshots === true ? 'snapshots' : 'health')
}

const selectOne = (): ParseKeys | undefined => (selected() ? undefined : 'command.selectOne')

export const changeCommands = [
  {
    id: 'volume.open',
    title: 'command.open',
    icon: HardDrive,
    unavailable: selectOne,
    run: withSelected(openVolume),
  },
  {
    id: 'volume.overview',
    title: 'command.overview',
    icon: FileText,
    shortcut: 'Alt+Digit1',
    unavailable: selectOne,
    run: open('overview'),
  },
  {
    id: 'volume.map',
    title: 'command.map',
    icon: MapIcon,
    shortcut: 'Alt+Digit2',
    unavailable: selectOne,
    run: open('map'),
  },
  {
    id: 'volume.snapshots',
    title: 'command.snapshots',
    icon: History,
    shortcut: 'Alt+Digit3',
    unavailable: () => unless((can) => can.snapshots || can.backing || isBase(), 'command.noSnapshots'),
    run: open('snapshots'),
  },
  {
    id: 'volume.contents',
    title: 'command.contents',
    icon: PieChart,
    shortcut: 'Alt+Digit4',
    unavailable: selectOne,
    run: open('contents'),
  },
  {
    id: 'volume.health',
    title: 'command.health',
    icon: Stethoscope,
    shortcut: 'Alt+Digit5',
    unavailable: selectOne,
    run: open('health'),
  },
  {
    id: 'volume.activity',
    title: 'command.activity',
    icon: ScrollText,
    shortcut: 'Alt+Digit6',
    unavailable: selectOne,
    run: open('activity'),
  },
  {
    id: 'volume.take-snapshot',
    title: 'command.takeSnapshot',
    icon: Camera,
    shortcut: '$mod+Shift+S',
    unavailable: () => unless((can) => can.snapshots && can.write, 'command.noSnapshots'),
    run: withUnlocked((volume) => openDialog({ kind: 'take-snapshot', volume })),
  },
  {
    id: 'volume.branch',
    title: 'command.branch',
    icon: GitBranchPlus,
    shortcut: '$mod+D',
    unavailable: () => unless(() => true, 'command.selectOne'),
    run: withSelected((volume) => openDialog({ kind: 'create', backing: volume })),
  },
  {
    id: 'volume.resize',
    title: 'command.resize',
    icon: MoveHorizontal,
    unavailable: () => unless((can) => can.resize, 'command.noResize'),
    run: withUnlocked((volume) => openDialog({ kind: 'resize', volume })),
  },
  {
    id: 'volume.check',
    title: 'command.check',
    icon: ShieldCheck,
    unavailable: () => (selectedVolumes().length === 0 ? 'command.selectFirst' : undefined),
    run: () => {
      const volumes = selectedVolumes()
      const [volume] = volumes
      if (volume && volumes.length === 1) showVolume(volume.id, 'health')
      startChecks(volumes).catch(tell)
    },
  },
  {
    id: 'volume.amend',
    title: 'command.amend',
    icon: Settings2,
    unavailable: () => unlessAmendable() ?? unless((can) => can.write, 'command.noAmend'),
    run: withSelected((volume) => openDialog({ kind: 'amend', volume })),
  },
  {
    id: 'volume.bitmaps',
    title: 'command.bitmaps',
    icon: Bookmark,
    unavailable: () => unless((can) => can.bitmaps, 'command.noBitmaps'),
    run: withSelected((volume) => openDialog({ kind: 'bitmaps', volume })),
  },
  {
    id: 'volume.commit',
    title: 'command.commit',
    icon: GitMerge,
    unavailable: () => unless((can) => can.write && can.backing, 'command.noBackingFiles') ?? withoutBacking(),
    run: withUnlocked((volume) => openDialog({ kind: 'commit', volume })),
  },
  {
    id: 'volume.flatten',
    title: 'command.flatten',
    icon: Layers,
    unavailable: () => unless((can) => can.write && can.backing, 'command.noBackingFiles') ?? withoutBacking(),
    run: withUnlocked((volume) => openDialog({ kind: 'flatten', volume })),
  },
  {
    id: 'volume.compact',
    title: 'command.reclaim',
    icon: FoldVertical,
    unavailable: () => withoutSmaller(),
    run: withSelected((volume) => openDialog({ kind: 'compact', volume })),
  },
  {
    id: 'volume.rebase',
    title: 'command.rebase',
    icon: GitBranch,
    unavailable: () => unless((can) => can.write && can.backing, 'command.noBackingFiles'),
    run: withUnlocked((volume) => openDialog({ kind: 'rebase', volume })),
  },
  {
    id: 'volume.compare',
    title: 'command.compare',
    icon: GitCompare,
    unavailable: () => (compared() ? undefined : 'command.selectTwo'),
    run: () => {
      const two = compared()
      if (two) openDialog({ kind: 'compare', left: two[0], right: two[1] })
    },
  },
  {
    id: 'volume.keys',
    title: 'command.keys',
    icon: KeyRound,
    unavailable: () => unlessEncrypted(),
    run: open('keys'),
  },
  {
    id: 'volume.unlock',
    title: 'command.unlock',
    icon: LockOpen,
    unavailable: () => unlessEncrypted(),
    run: withUnlocked(() => {}),
  },
  {
    id: 'volume.lock',
    title: 'command.lock',
    icon: Lock,
    unavailable: () => unlessEncrypted(),
    run: withSelected((volume) => void lockNow(volume.id).catch(tell)),
  },
  {
    id: 'volume.undo',
    title: 'command.undo',
    icon: Undo2,
    unavailable: () => {
      const volume = selected()
      if (!volume) return 'command.selectOne'
      const offer = useUndo.getState().offers.get(volume.id)
      return offer === undefined || offer.kind === 'outdated' ? 'command.nothingToUndo' : undefined
    },
    run: withSelected((volume) => void undoLastChange(volume.id)),
  },
] as const satisfies readonly Command[]

function unlessAmendable(): ParseKeys | undefined {
  const volume = selected()
  const facts = volume && factsOf(useFormats.getState().formats, volume.format)
  return !facts || facts.options.some(({ amendable }) => amendable === true) ? undefined : 'command.noAmend'
}

function withoutBacking(): ParseKeys | undefined {
  return selected()?.backing === undefined ? 'command.noBase' : undefined
}

function unlessEncrypted(): ParseKeys | undefined {
  const volume = selected()
  if (!volume) return 'command.selectOne'
  return volume.encrypted === true ? undefined : 'command.notEncrypted'
}

/** A new file would have another identity in other formats, and other passphrases when it is encrypted. */
function withoutSmaller(): ParseKeys | undefined {
  const volume = selected()
  if (!volume) return 'command.selectOne'
  const can = (volume.format === 'qcow2' || volume.format === 'raw') && volume.encrypted !== true
  return can ? unless(() => true, 'command.noCompact') : 'command.noCompact'
}

/** The two selected volumes, or the one and what it lies on. */
function compared(): readonly [Volume, Volume] | undefined {
  const [one, other, ...more] = selectedVolumes()
  if (!one || more.length > 0) return undefined
  if (other) return [one, other]
  const base = baseOf(one, useVolumes.getState().byId.values())
  return base && [base, one]
}
