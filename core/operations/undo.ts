// undo: an image as it was before it was last changed in place.

import { existsSync } from 'node:fs'
import { SpindleError } from '../model/error.ts'
import { openFile } from '../storage/file.ts'
import { beingChanged, changeState, removeUndoFile, undoFileOf } from '../storage/undo-file.ts'
import { readUndoState, rollBack } from '../storage/undo-log.ts'
import type { UndoState } from '../storage/undo-log.ts'

/** Undefined when there is nothing to undo. */
export async function undoState(path: string): Promise<UndoState | undefined> {
  const undoFile = await undoFileOf(path)
  if (!existsSync(undoFile)) return undefined
  await using log = await openFile(undoFile, 'read')
  await using image = await openFile(path, 'read')
  return await readUndoState(log, image)
}

/**
 * Puts the image back, byte for byte, and removes the undo file. Throws `not-found` when there is nothing to undo, and
 * `differs` when the image was changed by something else since, `in-use` while it is being changed; nothing is changed then.
 */
export async function undo(path: string): Promise<void> {
  const undoFile = await undoFileOf(path)
  if (!existsSync(undoFile)) {
    const message = `There is nothing to undo for ${path}: there is no file ${undoFile}.`
    throw new SpindleError('not-found', message, { path })
  }
  if ((await changeState(path)) === 'under-way') throw beingChanged(path)
  {
    await using log = await openFile(undoFile, 'write')
    await using image = await openFile(path, 'write')
    await rollBack(log, image)
  }
  await removeUndoFile(undoFile)
}
