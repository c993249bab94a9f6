// Which dialog is open; one at a time.

import { t } from 'i18next'
import { create } from 'zustand'
import type { CheckReport, RepairMode, SnapshotFacts, TrashPlan } from '../../core/model/index.ts'
import type { Granted, Trashed, Volume } from '../../electron/contract/data.ts'

/** What a conversion starts from: a library volume, or a file that was dropped or chosen. */
export type ConvertSource = { readonly kind: 'library'; readonly volume: Volume } | Granted

export type OpenDialog =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'create'
      /** That the new one is to lie on. */
      readonly backing?: Volume
    }
  | { readonly kind: 'palette' }
  | { readonly kind: 'shortcuts' }
  | {
      readonly kind: 'convert'
      readonly sources: readonly ConvertSource[]
      /** Of the one source: the disk as it was then. */
      readonly snapshot?: SnapshotFacts
    }
  | { readonly kind: 'take-snapshot'; readonly volume: Volume }
  | { readonly kind: 'rename-snapshot'; readonly volume: Volume; readonly snapshot: SnapshotFacts }
  | { readonly kind: 'apply-snapshot'; readonly volume: Volume; readonly snapshot: SnapshotFacts }
  | { readonly kind: 'remove-snapshots'; readonly volume: Volume; readonly snapshots: readonly SnapshotFacts[] }
  | { readonly kind: 'resize'; readonly volume: Volume }
  | {
      readonly kind: 'repair'
      readonly volume: Volume
      readonly report: CheckReport
      /** That is proposed. */
      readonly mode: RepairMode
    }
  | { readonly kind: 'amend'; readonly volume: Volume }
  | { readonly kind: 'bitmaps'; readonly volume: Volume }
  | { readonly kind: 'commit'; readonly volume: Volume }
  | { readonly kind: 'flatten'; readonly volume: Volume }
  | { readonly kind: 'compact'; readonly volume: Volume }
  | { readonly kind: 'rebase'; readonly volume: Volume }
  /** Other volumes lie on these. */
  | { readonly kind: 'delete'; readonly volumes: readonly Volume[]; readonly plan: TrashPlan }
  | { readonly kind: 'empty-trash'; readonly items: readonly Trashed[] }
  | { readonly kind: 'relocate'; readonly volume: Volume; readonly act: 'move' | 'copy' }
  | { readonly kind: 'locate'; readonly volume: Volume }
  | {
      readonly kind: 'compare'
      readonly left: Volume
      readonly right: Volume
      /** Ids of snapshots inside them: the disks as they were then. */
      readonly leftSnapshot?: string
      readonly rightSnapshot?: string
    }
  /** `file` is what is locked: the volume's own, or one below it. */
  | {
      readonly kind: 'unlock'
      readonly volume: Pick<Volume, 'id' | 'name'>
      readonly file: string
      readonly goOn: (() => void) | undefined
    }
  | { readonly kind: 'change-key'; readonly volume: Volume; readonly change: 'add' | 'replace' }
  | { readonly kind: 'remove-key'; readonly volume: Volume; readonly slot: number; readonly last: boolean }
  /** Files were chosen or pasted: what to do with them? */
  | { readonly kind: 'files'; readonly files: readonly Granted[] }

interface Dialogs {
  readonly dialog: OpenDialog
}

export const useDialogs = create<Dialogs>()(() => ({ dialog: { kind: 'none' } }))

export function openDialog(dialog: OpenDialog): void {
  useDialogs.setState({ dialog })
}

export function closeDialog(): void {
  useDialogs.setState({ dialog: { kind: 'none' } })
}

/** What every dialog calls its ways out. */
export function dialogLabels(): { readonly close: string; readonly cancel: string } {
  return { close: t('dialog.close'), cancel: t('dialog.cancel') }
}
