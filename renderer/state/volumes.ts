// The library's volumes as main told them; the page only mirrors.

import { create } from 'zustand'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { gatherer } from './batches.ts'

interface Volumes {
  readonly byId: ReadonlyMap<VolumeId, Volume>
  /** False until the first look at the library is over. */
  readonly loaded: boolean
}

export const useVolumes = create<Volumes>()(() => ({ byId: new Map(), loaded: false }))

type Change = { readonly kind: 'put'; readonly volume: Volume } | { readonly kind: 'remove'; readonly id: VolumeId }

const REDRAW_MS = 150

const gather = gatherer<Change>((changes) => {
  const byId = new Map(useVolumes.getState().byId)
  for (const change of changes) {
    if (change.kind === 'put') byId.set(change.volume.id, change.volume)
    else byId.delete(change.id)
  }
  useVolumes.setState({ byId })
}, REDRAW_MS)

export function putVolumes(volumes: readonly Volume[]): void {
  gather(volumes.map((volume) => ({ kind: 'put', volume })))
}

export function removeVolumes(ids: readonly VolumeId[]): void {
  gather(ids.map((id) => ({ kind: 'remove', id })))
}

/** Asks page by page; changes that arrive meanwhile come as events and are put over these. */
export async function loadVolumes(): Promise<void> {
  for (let start = 0; ;) {
    const page = await api.volumes(start)
    if (page.length === 0) break
    putVolumes(page)
    start += page.length
  }
  useVolumes.setState({ loaded: true })
}

/** `debian12.qcow2` of `base/debian12.qcow2`. */
export function fileName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
}

/** `debian12` of `debian12.qcow2`; a name that only begins with a dot is all stem. */
export function stem(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}
