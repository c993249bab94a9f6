// The volume whose name is being typed, in its row.

import { create } from 'zustand'
import type { VolumeId } from '../../electron/contract/ids.ts'

interface Renaming {
  readonly id: VolumeId | undefined
}

export const useRenaming = create<Renaming>()(() => ({ id: undefined }))

export function startRenaming(id: VolumeId): void {
  useRenaming.setState({ id })
}

export function stopRenaming(): void {
  useRenaming.setState({ id: undefined })
}
