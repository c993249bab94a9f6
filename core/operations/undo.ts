// undo: an image as it was before it was last changed in place.

import { SpindleError } from '../model/error.ts'
import { openFile } from '../storage/file.ts'
import { ImageLocks } from '../storage/image-locks.ts'
import type { Storage } from '../storage/storage.ts'
import {
  beingChanged,
  changeState,
  decidingFile,
  openParts,
  removeUndoFiles,
  undoFileOf,
} from '../storage/undo-file.ts'
import { readUndoState, rollBack } from '../storage/undo-log.ts'
import type { UndoState } from '../storage/undo-log.ts'

/** Undefined when there is nothing to undo. For a part of an image, of the whole of it. */
export async function undoState(path: string): Promise<UndoState | undefined> {
  const whole = await decidingFile(path)
  if (whole === undefined) return undefined
  await using log = await openFile(await undoFileOf(whole), 'read')
  await using image = await openFile(whole, 'read')
  await using parts = await openParts(whole, log, async (file) => openFile(file, 'read'))
  const state = await readUndoState(log, image, parts.logged)
  return state && { ...state, matches: state.matches && !parts.areLogsLost }
}

/**
 * Puts the image back, byte for byte, and all files that were changed together with it, and removes the undo files.
 * Throws `not-found` when there is nothing to undo, `differs` when the image was changed by something else since, and
 * `in-use` while it is being changed; nothing is changed then.
 */
export async function undo(path: string): Promise<void> {
  const whole = await decidingFile(path)
  if (whole === undefined) {
    const message = `There is nothing to undo for ${path}: there is no file ${await undoFileOf(path)}.`
    throw new SpindleError('not-found', message, { path })
  }
  if ((await changeState(path)) === 'under-way') throw beingChanged(path)
  {
    await using log = await openFile(await undoFileOf(whole), 'write')
    const locks = new ImageLocks()
    const open = async (file: string): Promise<Storage> => locks.open(file, 'write', 'locked')
    await using image = await open(whole)
    await using parts = await openParts(whole, log, open)
    if (parts.areLogsLost) throw cannotBeUndone(whole)
    await rollBack(log, image, parts.logged)
  }
  await removeUndoFiles(whole)
}

function cannotBeUndone(path: string): SpindleError {
  return new SpindleError(
    'differs',
    `${path} was changed together with another file, and the undo file of that one is not there any more, so what was done cannot be undone. Nothing was changed.`,
    { path },
  )
}
