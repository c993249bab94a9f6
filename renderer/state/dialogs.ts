// Which dialog is open; one at a time.

import { create } from 'zustand'
import type { Granted, Volume } from '../../electron/contract/data.ts'

/** What a conversion starts from: a library volume, or a file that was dropped or chosen. */
export type ConvertSource = { readonly kind: 'library'; readonly volume: Volume } | Granted

export type OpenDialog =
  | { readonly kind: 'none' }
  | { readonly kind: 'create' }
  | { readonly kind: 'convert'; readonly sources: readonly ConvertSource[] }
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
