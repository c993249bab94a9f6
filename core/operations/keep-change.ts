// keep: the last change of an image is final, and its undo file goes.

import { beingChanged, changeState, cutOff, decidingFile, removeUndoFiles } from '../storage/undo-file.ts'

/** Does nothing where there is no undo file. Throws while the image is being changed, and when a change of it was cut off. */
export async function keepChange(path: string): Promise<void> {
  const whole = await decidingFile(path)
  if (whole === undefined) return
  const state = await changeState(path)
  if (state === 'under-way') throw beingChanged(path)
  if (state === 'cut-off') throw cutOff(path)
  await removeUndoFiles(whole)
}
