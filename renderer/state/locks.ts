// Which volumes are locked: asked of the engine when a passphrase may stand in the way, and unlocked before what needs it.

import { create } from 'zustand'
import type { KeyChange, UnlockOutcome } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { useAsked, useVersion } from './asked.ts'
import { openDialog, useDialogs } from './dialogs.ts'
import { tell } from './notices.ts'
import { useLockChanges } from './lock-changes.ts'
import { useView } from './view.ts'

/** What is to be unlocked is known by these. */
export type Locked = Pick<Volume, 'id' | 'name'>

const lockedFile = (id: VolumeId): Promise<string | null> => api.lockedFile(id)
const nothing = async (): Promise<null> => null

/** Undefined while it is not known; the name of the first locked file of its chain, or null where all can be read. */
export function useLockedFile(volume: Volume): string | null | undefined {
  return useAsked(volume.id, useVersion(volume), mayBeLocked(volume) ? lockedFile : nothing).value
}

/** Others lie on nothing that could be encrypted, and need not be asked about. */
function mayBeLocked({ encrypted, backing }: Volume): boolean {
  return encrypted === true || backing !== undefined
}

/** Does it at once where nothing is locked, and otherwise once the passphrases were given. */
export function whenUnlocked(volumes: readonly Volume[], run: () => void): void {
  const asked = volumes.filter(mayBeLocked)
  if (asked.length === 0) run()
  else askInTurn(asked, run).catch(tell)
}

async function askInTurn(volumes: readonly Locked[], run: () => void): Promise<void> {
  for (const volume of volumes) {
    // What is wrong with a volume besides is said by what is about to be done.
    const name = await api.lockedFile(volume.id).catch(() => null)
    if (name === null) continue
    openDialog({ kind: 'unlock', volume, file: name, goOn: () => void askInTurn(volumes, run).catch(tell) })
    return
  }
  run()
}

/** From a dialog, which is opened anew once the passphrases were given. */
export function unlockAndReturn(volume: Locked): void {
  const { dialog } = useDialogs.getState()
  askInTurn([volume], () => openDialog(dialog)).catch(tell)
}

/** Takes the passphrase over. */
export async function unlock(
  { id }: Locked,
  passphrase: Uint8Array,
  how: { readonly remember: boolean; readonly evenLong: boolean },
): Promise<UnlockOutcome> {
  try {
    const outcome = await api.unlock({ volume: id, passphrase, ...how })
    if (outcome.kind === 'unlocked' || outcome.kind === 'next') changed()
    if (outcome.kind === 'unlocked' && !how.remember) lockWhenLeft(id)
    return outcome
  } finally {
    passphrase.fill(0)
  }
}

export async function lockNow(volume: VolumeId): Promise<void> {
  await api.lock(volume)
  changed()
}

interface Passing {
  /** Volumes that are unlocked for as long as they are looked at. */
  readonly volumes: ReadonlySet<VolumeId>
}

const usePassing = create<Passing>()(() => ({ volumes: new Set() }))

function lockWhenLeft(id: VolumeId): void {
  usePassing.setState(({ volumes }) => ({ volumes: new Set(volumes).add(id) }))
}

useView.subscribe(({ selected }) => {
  const { volumes } = usePassing.getState()
  if (volumes.size === 0 || [...volumes].some((id) => selected.has(id))) return
  usePassing.setState({ volumes: new Set() })
  api.lock(null).then(changed, tell)
})

function changed(): void {
  useLockChanges.setState(({ count }) => ({ count: count + 1 }))
}

/** Takes the passphrases over. */
export async function changeKeys(volume: VolumeId, change: KeyChange): Promise<void> {
  try {
    await api.changeKeys(volume, change)
    changed()
  } finally {
    change.known.fill(0)
    if (change.kind !== 'remove') change.added.fill(0)
  }
}
