// What was deleted and can be put back; and the last deletion, with its way back at hand.

import { create } from 'zustand'
import { SpindleError } from '../../core/model/index.ts'
import type { JobView, Trashed, Volume } from '../../electron/contract/data.ts'
import type { JobId, TrashId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { openDialog } from './dialogs.ts'
import { isEnded } from './jobs.ts'
import { tell } from './notices.ts'
import { revealVolume, select } from './view.ts'

interface Trash {
  /** Newest first. */
  readonly items: readonly Trashed[]
  /** The deletion that Undo takes back; undefined once that was done, or dismissed. */
  readonly last: JobView | undefined
}

export const useTrash = create<Trash>()(() => ({ items: [], last: undefined }))

/** Moves whose volume is to stay selected under its new name. */
const followed = new Set<JobId>()

export function loadTrash(): void {
  api.trash().then((items) => useTrash.setState({ items }), tell)
}

/** At once when nothing lies on them; otherwise it is asked first. */
export async function deleteVolumes(volumes: readonly Volume[]): Promise<void> {
  const ids = volumes.map(({ id }) => id)
  const plan = await api.planTrash(ids)
  if (plan.dependents.length > 0) openDialog({ kind: 'delete', volumes, plan })
  else await api.startJob({ kind: 'trash', volumes: ids, allowDependents: false })
}

export function putBack(items: readonly TrashId[]): void {
  useTrash.setState({ last: undefined })
  api.startJob({ kind: 'restore', items }).catch(tell)
}

/** Another name in the same folder. */
export async function renameVolume(volume: Volume, name: string): Promise<void> {
  followed.add(await api.startJob({ kind: 'move', volume: volume.id, name }))
}

/** To be called with every job as it changes. */
export function noteFiles(job: JobView): void {
  const { kind, state, id, volume } = job
  const isOurs = kind === 'trash' || kind === 'restore' || kind === 'empty-trash'
  if (!isEnded(job) || !(isOurs || kind === 'move')) return
  // Their rows are gone, so nobody would look for the reason there.
  if (state.kind === 'failed') tell(SpindleError.fromData(state.error))
  if (followed.delete(id) && state.kind === 'succeeded' && volume !== undefined) revealVolume(volume)
  if (!isOurs) return
  if (kind === 'trash' && state.kind === 'succeeded') {
    useTrash.setState({ last: job })
    select(new Set(), undefined)
  }
  loadTrash()
}
