// The undo log as a file beside the image it belongs to, and opening images only when no change was cut off in them.

import { existsSync } from 'node:fs'
import { realpath, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { openFile } from './file.ts'
import type { FileAccess } from './file.ts'
import { syncFolder } from './folder.ts'
import { SystemCallError, libc } from './libc.ts'
import type { Libc } from './libc.ts'
import type { Storage } from './storage.ts'
import { systemCode, systemError } from './system-error.ts'
import { isChangeComplete } from './undo-log.ts'

/** Beside the file itself, whatever link it was named by. */
export async function undoFileOf(path: string): Promise<string> {
  const file = await realpath(path).catch(() => resolve(path))
  return `${file}.spindle-undo`
}

/** Of a change in place: none that matters to a reader, one that goes on, or one whose program did not live to end it. */
export type ChangeState = 'none' | 'under-way' | 'cut-off'

export async function changeState(path: string): Promise<ChangeState> {
  const undoFile = await undoFileOf(path)
  if (!existsSync(undoFile)) return 'none'
  await using log = await openFile(undoFile, 'read')
  if (isHeld(log)) return 'under-way'
  return (await isChangeComplete(log)) === false ? 'cut-off' : 'none'
}

/** To be called for a new log: for as long as it is open its change is under way. */
export function holdLog(log: Storage): void {
  withLocks(log, (calls, descriptor) => calls.lock(descriptor))
}

/** Opens a file as `openFile` does, but none that is being changed, or was when its change was cut off. */
export async function openWhole(path: string, access: FileAccess): Promise<Storage> {
  if (access !== 'create') await refuseHalfChanged(path)
  return openFile(path, access)
}

/** Throws `in-use` while the image is being changed, and `invalid-image`, with the way out, when that was cut off. */
export async function refuseHalfChanged(path: string): Promise<void> {
  const state = await changeState(path)
  if (state === 'under-way') throw beingChanged(path)
  if (state === 'cut-off') throw cutOff(path)
}

export function beingChanged(path: string): SpindleError {
  const message = `${path} is being changed at this moment, by Spindle itself. Wait until that is done.`
  return new SpindleError('in-use', message, { path })
}

export function cutOff(path: string): SpindleError {
  return new SpindleError(
    'invalid-image',
    `A change of ${path} was cut off in the middle, so it cannot be used as it is. “spindle undo ${path}” puts it back as it was before; keep the file that ends in .spindle-undo until then.`,
    { path },
  )
}

function isHeld(log: Storage): boolean {
  let held = false
  withLocks(log, (calls, descriptor) => {
    held = calls.isLocked(descriptor)
  })
  return held
}

/** Where there are no locks, on some network file systems, a change under way cannot be told from one that was cut off. */
function withLocks(log: Storage, work: (calls: Libc, descriptor: number) => void): void {
  const calls = libc()
  if (!calls || log.descriptor === undefined) return
  try {
    work(calls, log.descriptor)
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error
  }
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
