// What can be taken back: asked for the volume that is looked at, and done at a word.

import { useEffect } from 'react'
import { create } from 'zustand'
import type { UndoOffer } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { useAsked, useVersion } from './asked.ts'
import { forgetCheck } from './checks.ts'
import { tell } from './notices.ts'

interface Undo {
  readonly offers: ReadonlyMap<VolumeId, UndoOffer>
  /** Grows with everything that was taken back or kept, so that it is asked again. */
  readonly done: number
}

export const useUndo = create<Undo>()(() => ({ offers: new Map(), done: 0 }))

function put(id: VolumeId, offer: UndoOffer | null): void {
  useUndo.setState(({ offers: before }) => {
    const offers = new Map(before)
    if (offer) offers.set(id, offer)
    else offers.delete(id)
    return { offers }
  })
}

const undoOffer = (id: VolumeId): Promise<UndoOffer | null> => api.undoOffer(id)

/** Keeps the volume's offer up to date. */
export function useAskingForOffer(volume: Volume): void {
  const { id } = volume
  const done = useUndo((state) => state.done)
  // Why a volume cannot be looked at is said where it is shown.
  const { value, error } = useAsked(id, `${useVersion(volume)} ${done}`, undoOffer)
  const offer = error ? null : value
  useEffect(() => {
    if (offer !== undefined) put(id, offer)
  }, [id, offer])
}

export async function keepLastChange(id: VolumeId): Promise<void> {
  try {
    await api.keepChange(id)
  } catch (thrown) {
    tell(thrown)
  }
  useUndo.setState(({ done }) => ({ done: done + 1 }))
}

export async function undoLastChange(id: VolumeId): Promise<void> {
  try {
    await api.undo(id)
  } catch (thrown) {
    tell(thrown)
  }
  forgetCheck(id)
  useUndo.setState(({ done }) => ({ done: done + 1 }))
}
