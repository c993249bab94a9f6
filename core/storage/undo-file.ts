// The undo log as a file beside the image it belongs to, and opening images only when no change was cut off in them.

import { existsSync } from 'node:fs'
import { realpath, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { openFile } from './file.ts'
import type { FileAccess } from './file.ts'
import { syncFolder } from './folder.ts'
import type { Storage } from './storage.ts'
import { systemCode, systemError } from './system-error.ts'
import { isChangeComplete } from './undo-log.ts'

/** Beside the file itself, whatever link it was named by. */
export async function undoFileOf(path: string): Promise<string> {
  const file = await realpath(path).catch(() => resolve(path))
  return `${file}.spindle-undo`
}

/** Opens a file as `openFile` does, but none in whose middle a change was cut off: it is neither as it was nor as it should be. */
export async function openWhole(path: string, access: FileAccess): Promise<Storage> {
  if (access !== 'create') await refuseHalfChanged(path)
  return openFile(path, access)
}

/** Throws `invalid-image`, with the way out, when a change was cut off. */
export async function refuseHalfChanged(path: string): Promise<void> {
  const undoFile = await undoFileOf(path)
  if (!existsSync(undoFile)) return
  await using log = await openFile(undoFile, 'read')
  if ((await isChangeComplete(log)) !== false) return
  throw new SpindleError(
    'invalid-image',
    `A change of ${path} was cut off in the middle, so it cannot be used as it is. “spindle undo ${path}” puts it back as it was before; ${undoFile} holds what that needs.`,
    { path },
  )
}

export async function removeUndoFile(undoFile: string): Promise<void> {
  try {
    await unlink(undoFile)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw systemError(error, 'write', undoFile)
  }
  await syncFolder(dirname(undoFile))
}
