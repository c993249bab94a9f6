// The undo log as a file beside the file it belongs to, and opening files only when no change was cut off in them.

import { existsSync } from 'node:fs'
import { realpath, unlink } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { openFile } from './file.ts'
import type { FileAccess } from './file.ts'
import { syncFolder } from './folder.ts'
import { SystemCallError, libc } from './libc.ts'
import type { Libc } from './libc.ts'
import type { Storage } from './storage.ts'
import { systemCode, systemError } from './system-error.ts'
import { namesIn, readLogFacts } from './undo-log.ts'
import type { LogFacts, LoggedFile } from './undo-log.ts'

/** Beside the file itself, whatever link it was named by. */
export async function undoFileOf(path: string): Promise<string> {
  return `${await realPath(path)}.spindle-undo`
}

async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path))
}

/** How the undo file of `path` calls another file of the same change. */
export async function nameBeside(path: string, other: string): Promise<string> {
  return relative(dirname(await realPath(path)), await realPath(other))
}

/**
 * The file whose undo file decides over what was done to `path`: itself, or the image it is a part of. Undefined when
 * there is nothing to undo.
 */
export async function decidingFile(path: string): Promise<string | undefined> {
  return (await decidingLog(path))?.path
}

interface DecidingLog {
  readonly path: string
  readonly undoFile: string
  readonly facts: LogFacts | undefined
}

async function decidingLog(path: string): Promise<DecidingLog | undefined> {
  const undoFile = await undoFileOf(path)
  const facts = await factsIn(undoFile)
  if (facts === 'none') return undefined
  if (facts?.partOf === undefined) return { path, undoFile, facts }
  const whole = resolve(dirname(undoFile), facts.partOf)
  const decidingFacts = await factsIn(await undoFileOf(whole))
  // Left over from a change that has come to its end.
  if (decidingFacts === 'none' || decidingFacts?.change !== facts.change) return undefined
  return { path: whole, undoFile: await undoFileOf(whole), facts: decidingFacts }
}

async function factsIn(undoFile: string): Promise<LogFacts | undefined | 'none'> {
  if (!existsSync(undoFile)) return 'none'
  await using log = await openFile(undoFile, 'read')
  return await readLogFacts(log)
}

/** Of a change in place: none that matters to a reader, one that goes on, or one whose program did not live to end it. */
export type ChangeState = 'none' | 'under-way' | 'cut-off'

export async function changeState(path: string): Promise<ChangeState> {
  const deciding = await decidingLog(path)
  if (!deciding) return 'none'
  await using log = await openFile(deciding.undoFile, 'read')
  if (isHeld(log)) return 'under-way'
  return deciding.facts?.complete === false ? 'cut-off' : 'none'
}

/** The files that were changed together with an image, open until this is disposed of. */
export interface ChangedParts extends AsyncDisposable {
  /** Those whose logs were started: nothing was done to the others. */
  readonly logged: readonly LoggedFile[]
  /** Some of the logs that a complete change has left behind are not there any more. */
  readonly areLogsLost: boolean
}

/** Throws `missing-file` when a file is gone that was changed together with the image. */
export async function openParts(
  path: string,
  log: Storage,
  open: (path: string) => Promise<Storage>,
): Promise<ChangedParts> {
  await using opened = new AsyncDisposableStack()
  const logged: LoggedFile[] = []
  const facts = await readLogFacts(log)
  const folder = dirname(await realPath(path))
  let areLogsLost = false
  for await (const name of namesIn(log)) {
    const file = resolve(folder, name)
    if (!existsSync(file)) throw partMissing(path, file)
    const undoFile = await undoFileOf(file)
    const part = await factsIn(undoFile)
    if (part === 'none' || part?.change !== facts?.change) {
      areLogsLost ||= facts?.complete === true
      continue
    }
    logged.push({
      image: opened.use(await open(file)),
      log: opened.use(await openFile(undoFile, 'read')),
    })
  }
  const kept = opened.move()
  return { logged, areLogsLost, [Symbol.asyncDispose]: async () => kept.disposeAsync() }
}

function partMissing(path: string, file: string): SpindleError {
  const message = `${path} was changed together with ${file}, which is not there any more, so the change cannot be undone. Nothing was changed. Put that file back first.`
  return new SpindleError('missing-file', message, { path })
}

/** Removes the undo file of an image and, after it, those of the files that were changed together with it. */
export async function removeUndoFiles(path: string): Promise<void> {
  const undoFile = await undoFileOf(path)
  const others: string[] = []
  if (existsSync(undoFile)) {
    await using log = await openFile(undoFile, 'read')
    const facts = await readLogFacts(log)
    for await (const name of namesIn(log)) {
      const other = await undoFileOf(resolve(dirname(undoFile), name))
      const part = await factsIn(other)
      if (part === undefined || (part !== 'none' && part.change === facts?.change)) others.push(other)
    }
  }
  await removeUndoFile(undoFile)
  for (const other of others) await removeUndoFile(other)
}

/**
 * To be called for a new log: its change is under way until what this returns is called. Closing the log alone is not
 * enough: a program that is just being started has a copy of all our descriptors for a moment.
 */
export function holdLog(log: Storage): () => void {
  withLocks(log, (calls, descriptor) => calls.lock(descriptor))
  return () => withLocks(log, (calls, descriptor) => calls.unlock(descriptor, 0, 0))
}

/** Opens a file as `open` does, but none that is being changed, or was when its change was cut off. */
export async function openWhole(
  path: string,
  access: FileAccess,
  open: (path: string, access: FileAccess) => Promise<Storage> = openFile,
): Promise<Storage> {
  if (access !== 'create') await refuseHalfChanged(path)
  return open(path, access)
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

async function removeUndoFile(undoFile: string): Promise<void> {
  try {
    await unlink(undoFile)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw systemError(error, 'write', undoFile)
  }
  await syncFolder(dirname(undoFile))
}
