// Letting a volume use files outside its folder: asked by main, and seen here in what the engine says afterwards.

import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { useLockChanges } from './lock-changes.ts'
import { tell } from './notices.ts'

export function allowOutside(volume: VolumeId): void {
  ask(volume).catch(tell)
}

async function ask(volume: VolumeId): Promise<void> {
  if (await api.allowOutside(volume)) useLockChanges.setState(({ count }) => ({ count: count + 1 }))
}
