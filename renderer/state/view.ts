// What the window shows of the library: which part, filtered how, and what is selected in it.

import { create } from 'zustand'
import type { Volume } from '../../electron/contract/data.ts'
import type { FolderId, VolumeId } from '../../electron/contract/ids.ts'
import { useVolumes } from './volumes.ts'

export type Scope =
  { readonly kind: 'all' } | { readonly kind: 'attention' } | { readonly kind: 'place'; readonly place: FolderId }

interface View {
  readonly scope: Scope
  readonly filter: string
  readonly selected: ReadonlySet<VolumeId>
  /** The row the keyboard is on; the inspector shows it while it is selected. */
  readonly active: VolumeId | undefined
}

export const useView = create<View>()(() => ({
  scope: { kind: 'all' },
  filter: '',
  selected: new Set(),
  active: undefined,
}))

export function showScope(scope: Scope): void {
  useView.setState({ scope, selected: new Set(), active: undefined })
}

export function setFilter(filter: string): void {
  useView.setState({ filter })
}

export function select(selected: ReadonlySet<VolumeId>, active: VolumeId | undefined): void {
  useView.setState({ selected, active })
}

/** Shows one volume, wherever it is: a filter or scope that hides it is lifted. It may be about to appear. */
export function revealVolume(id: VolumeId): void {
  useView.setState({ scope: { kind: 'all' }, filter: '', selected: new Set([id]), active: id })
}

/** The selected volumes that are still there. */
export function selectedVolumes(): readonly Volume[] {
  const { byId } = useVolumes.getState()
  return [...useView.getState().selected].flatMap((id) => byId.get(id) ?? [])
}
