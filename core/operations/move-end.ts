// The end of a move, either way: gone on with where all files are in place, taken back where they are not.

import { dirname } from 'node:path'
import type { OperationContext } from '../jobs/operation.ts'
import { openLayer } from '../image/chain.ts'
import { aloneGate } from '../image/gate.ts'
import { SpindleError } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import { syncFolder } from '../storage/folder.ts'
import { changeState, removeUndoFiles } from '../storage/undo-file.ts'
import { refer } from './copy.ts'
import { entryAt, hold } from './image-files.ts'
import { isSameFile, moveFile, removeFile } from './move-file.ts'
import { readJournal, removeJournal } from './move-journal.ts'
import type { MoveJournal } from './move-journal.ts'
import type { Parts } from './parts.ts'
import { undo } from './undo.ts'

/** A step of a move cannot be stopped, and has no progress of its own. */
const UNSTOPPABLE: OperationContext = {
  signal: new AbortController().signal,
  progress: () => {},
  pointOfNoReturn: () => {},
}

/** What a program that did not live to end a move has left to do. Does nothing where there is no such move. */
export async function endMove(path: string, parts: Parts): Promise<void> {
  const journal = await readJournal(path)
  if (!journal) return
  const target = journal.files.at(-1)?.to ?? path
  for (const one of [path, target, ...journal.children.map((child) => child.path)]) {
    if ((await changeState(one)) === 'cut-off') await undo(one)
  }
  // Whoever is still at it has them open.
  await using held = new AsyncDisposableStack()
  for (const { from, to } of journal.files) {
    for (const one of [from, to])
      if (!one.endsWith('.spindle-undo') && (await entryAt(one))) held.use(await hold(one, parts))
  }
  if (journal.phase === 'preparing') {
    await takeBack(path, journal, parts)
    return
  }
  await arrive(journal, parts)
  await tell(journal, parts)
  // Taking back what the move itself did to them would lead to a name that is gone.
  for (const child of journal.children) if (child.after) await removeUndoFiles(child.path)
  await toTheEnd(path, journal, parts)
}

/** From here on the new name leads to the image, and the image from there to what it lies on. */
export async function arrive(journal: MoveJournal, parts: Parts): Promise<void> {
  const { by, files, own } = journal
  if (by === 'rename') for (const { from, to } of files) await moveFile(from, to)
  await syncFolders(journal)
  const target = files.at(-1)?.to
  if (own && target !== undefined) await change(target, own.format, own.before, own.between, parts)
}

/** Tells everyone the new name. Before and after each step, all images can be opened. */
export async function tell({ children }: MoveJournal, parts: Parts): Promise<void> {
  for (const { path, format, before, after } of children) if (after) await change(path, format, before, after, parts)
}

/** Lets go of the old names. */
export async function toTheEnd(path: string, journal: MoveJournal, parts: Parts): Promise<void> {
  const { by, files, own } = journal
  const target = files.at(-1)?.to
  // The image first: what is left without it is no image that someone could take for one.
  for (const { from, to } of files.toReversed()) {
    if (by === 'copy' ? await entryAt(to) : await isSameFile(from, to)) await removeFile(from)
  }
  if (by !== 'rename') await dropOffers(files.map(({ from }) => from))
  await syncFolders(journal)
  if (own && target !== undefined) await change(target, own.format, own.between, own.after, parts)
  await removeJournal(path)
}

/** Everything as it was before the move. */
export async function takeBack(path: string, journal: MoveJournal, parts: Parts): Promise<void> {
  const { by, phase, files, children, own } = journal
  const target = files.at(-1)?.to
  if (phase === 'placed') {
    for (const { path: child, format, before, after } of children) {
      if (after) await change(child, format, after, before, parts)
    }
    if (own && target !== undefined && by !== 'copy') await change(target, own.format, own.between, own.before, parts)
  }
  for (const { from, to } of files.toReversed()) {
    if (by === 'rename') await moveFile(to, from)
    else if (by === 'link' && (await isSameFile(from, to))) await removeFile(to)
    else if (by === 'copy') await removeFile(`${to}.partial`)
    // A copy is there only when it is whole: without its original it is what is left.
    if (by === 'copy' && phase === 'placed' && (await entryAt(from))) await removeFile(to)
  }
  await syncFolders(journal)
  await removeJournal(path)
}

/** Leaves an image alone that is gone, or that has been given yet another name since. */
async function change(
  path: string,
  format: string | undefined,
  from: BackingRef,
  to: BackingRef,
  parts: Parts,
): Promise<void> {
  if ((await backingNameIn(path, format, parts)) === from.path && from.path !== to.path)
    await refer(path, format, to, UNSTOPPABLE, parts)
}

async function backingNameIn(path: string, format: string | undefined, parts: Parts): Promise<string | undefined> {
  try {
    const how = { ...parts, gate: aloneGate(parts.openFile) }
    await using layer = await openLayer(await parts.openFile(path, 'read'), format, 'read', how)
    return layer.backing?.path
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'not-found') return undefined
    throw error
  }
}

/** Undo files that did not come along lead back to nothing. */
async function dropOffers(paths: readonly string[]): Promise<void> {
  for (const path of paths) if (!path.endsWith('.spindle-undo') && !(await entryAt(path))) await removeUndoFiles(path)
}

async function syncFolders({ files }: MoveJournal): Promise<void> {
  for (const folder of new Set(files.flatMap(({ from, to }) => [dirname(from), dirname(to)]))) await syncFolder(folder)
}
