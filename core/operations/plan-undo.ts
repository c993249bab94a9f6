// What the undo file beside an image allows, told before it is used.

import { stat } from 'node:fs/promises'
import type { UndoOffer } from '../model/plan.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import { changeState, decidingFile, undoFileOf } from '../storage/undo-file.ts'
import { undoState } from './undo.ts'

/** Undefined when there is nothing to undo, also while the image is being changed. */
export async function undoOffer(path: string): Promise<UndoOffer | undefined> {
  if ((await changeState(path)) === 'under-way') return undefined
  const state = await undoState(path)
  const whole = await decidingFile(path)
  const file = whole === undefined ? undefined : await statOf(await undoFileOf(whole))
  if (!state || !file) return undefined
  const kind = state.complete ? (state.matches ? 'offered' : 'outdated') : 'cut-off'
  return { kind, size: file.size, changedAt: file.mtimeMs }
}

async function statOf(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw systemError(error, 'examine', path)
  }
}
