// What the window shows: the library, which part of it, filtered how, what is selected in it; or one volume.

import { create } from 'zustand'
import type { Volume } from '../../electron/contract/data.ts'
import type { FolderId, VolumeId } from '../../electron/contract/ids.ts'
import { useVolumes } from './volumes.ts'

export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'trash' }
  | { readonly kind: 'attention' }
  | { readonly kind: 'place'; readonly place: FolderId }

export type VolumeTab = 'overview' | 'map' | 'snapshots' | 'contents' | 'health' | 'activity' | 'keys'

export type Page =
  | { readonly kind: 'library' }
  | { readonly kind: 'volume'; readonly id: VolumeId; readonly tab: VolumeTab }
  | { readonly kind: 'jobs' }
  | { readonly kind: 'settings' }

const LIBRARY: Page = { kind: 'library' }

interface View {
  readonly page: Page
  readonly scope: Scope
  readonly filter: string
  readonly selected: ReadonlySet<VolumeId>
  /** The row the keyboard is on; the inspector shows it while it is selected. */
  readonly active: VolumeId | undefined
}

export const useView = create<View>()(() => ({
  page: LIBRARY,
  scope: { kind: 'all' },
  filter: '',
  selected: new Set(),
  active: undefined,
}))

/** What is selected, and so what commands are about, is the volume that is shown. */
export function showVolume(id: VolumeId, tab: VolumeTab): void {
  useView.setState({ page: { kind: 'volume', id, tab }, selected: new Set([id]), active: id })
}

export function showLibrary(): void {
  useView.setState({ page: LIBRARY })
}

export function showPage(kind: 'jobs' | 'settings'): void {
  useView.setState({ page: { kind } })
}

export function showScope(scope: Scope): void {
  useView.setState({ page: LIBRARY, scope, selected: new Set(), active: undefined })
}

export function setFilter(filter: string): void {
  useView.setState({ filter })
}

export function select(selected: ReadonlySet<VolumeId>, active: VolumeId | undefined): void {
  useView.setState({ selected, active })
}

/** Shows one volume, wherever it is: a filter or scope that hides it is lifted. It may be about to appear. */
export function revealVolume(id: VolumeId): void {
  useView.setState({ page: LIBRARY, scope: { kind: 'all' }, filter: '', selected: new Set([id]), active: id })
}

/** The selected volumes that are still there. */
export function selectedVolumes(): readonly Volume[] {
  const { byId } = useVolumes.getState()
  return [...useView.getState().selected].flatMap((id) => byId.get(id) ?? [])
}
