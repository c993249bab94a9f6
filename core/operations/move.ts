// move: another name or folder for an image with all its files, told to the images that lie on it: all of that, or none.

import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileGate } from '../image/gate.ts'
import { locateNearby } from '../image/locate.ts'
import { ANYWHERE } from '../image/reach.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { JobResult, MoveJob } from '../model/job.ts'
import type { MovePlan } from '../model/plan.ts'
import { systemError } from '../storage/system-error.ts'
import { undoFileOf } from '../storage/undo-file.ts'
import { throwIfCancelled } from './cancel.ts'
import { copyImage, fixedReference } from './copy.ts'
import { entryAt, hold, imageFilesOf } from './image-files.ts'
import type { ImageFiles } from './image-files.ts'
import { inspect } from './inspect.ts'
import { childrenOf, nameFrom } from './move-children.ts'
import { linkFile } from './move-file.ts'
import { readJournal, writeJournal } from './move-journal.ts'
import type { FileMove, MoveJournal } from './move-journal.ts'
import { arrive, endMove, takeBack, tell, toTheEnd } from './move-end.ts'
import type { Parts } from './parts.ts'
import { freeFor } from './space.ts'

export async function planMove({ path, target }: Pick<MoveJob, 'path' | 'target'>, parts: Parts): Promise<MovePlan> {
  const files = await imageFilesOf(path, parts)
  const children = await childrenOf(files.image.path, target, parts)
  return {
    told: children.filter((child) => child.after).map((child) => child.path),
    untold: children.filter((child) => !child.after).map((child) => child.path),
    copies: await isElsewhere(files, target),
    allocatedSize: [files.image, ...files.beside].reduce((sum, one) => sum + one.allocatedSize, 0),
    free: await freeFor(target),
    command: ['spindle', 'mv', path, target],
  }
}

export async function move(job: MoveJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const unfinished = await readJournal(job.path)
  if (unfinished) {
    await endMove(job.path, parts)
    const target = unfinished.files.at(-1)?.to
    if (!existsSync(job.path) && target === job.target) return done(job.target, unfinished)
  }
  const files = await imageFilesOf(job.path, parts)
  const path = files.image.path
  const copies = await isElsewhere(files, job.target)
  await using held = new AsyncDisposableStack()
  for (const file of [files.image, ...files.beside]) held.use(await hold(file.path, parts))
  const journal = await journalFor(files, job.target, copies, parts)
  throwIfCancelled(context.signal)
  const before = await opens(path, parts)
  await writeJournal(path, journal)
  let placed: MoveJournal = { version: 1, ...journal }
  try {
    placed = await place(placed, { path, target: job.target, files }, context, parts)
    await arrive(placed, parts)
    if (before && !(await opens(job.target, reachingOn(parts)))) throw wouldNotOpen(path, job.target)
    throwIfCancelled(context.signal)
    await tell(placed, parts)
  } catch (error) {
    await takenBack(path, placed, error, parts)
    throw error
  }
  context.pointOfNoReturn()
  await toTheEnd(path, placed, parts)
  return done(job.target, placed)
}

function done(path: string, { children }: MoveJournal): JobResult {
  return { kind: 'move', path, told: children.filter((one) => one.after).map((one) => one.path), warnings: [] }
}

async function isElsewhere({ image }: ImageFiles, target: string): Promise<boolean> {
  try {
    return (await stat(dirname(target), { bigint: true })).dev !== image.device
  } catch (error) {
    throw systemError(error, 'create', target)
  }
}

type Draft = Omit<MoveJournal, 'version'>

async function journalFor(files: ImageFiles, target: string, copies: boolean, parts: Parts): Promise<Draft> {
  const { image, backing, format } = files
  const moves = await movesOf(files, target, copies)
  for (const { to } of moves) if (await entryAt(to)) throw taken(to)
  const between = backing && fixedReference(backing, image.path, target)
  const after = between && {
    ...between,
    path: nameFrom(target, between.path, dirname(target) === dirname(between.path) ? '' : between.path),
  }
  return {
    phase: 'preparing',
    by: copies ? 'copy' : 'link',
    files: moves,
    children: await childrenOf(image.path, target, parts),
    ...(backing && between && after && { own: { before: backing, between, after, ...(format && { format }) } }),
  }
}

/** In the same folder the other files keep their names, which are written in the image. */
async function movesOf(files: ImageFiles, target: string, copies: boolean): Promise<readonly FileMove[]> {
  const { image, beside, elsewhere, fixed } = files
  const folder = dirname(target)
  const stays = folder === dirname(image.path)
  const unmovable = elsewhere.filter((path) => !fixed.includes(path))
  if (!stays && unmovable.length > 0) throw cannotFollow(image.path, unmovable)
  const others = stays ? [] : beside.filter(({ path }) => !fixed.includes(path))
  const moves = [...others, image].map(({ path }) => ({
    from: path,
    to: path === image.path ? target : join(folder, basename(path)),
  }))
  // The undo files name each other; what a copy was before is nowhere.
  const offers = !copies && (beside.length === 0 || basename(target) === basename(image.path))
  const undoFiles = await Promise.all(
    moves.map(async ({ from, to }) => ({ from: await undoFileOf(from), to: `${to}.spindle-undo` })),
  )
  return [...(offers ? undoFiles.filter(({ from }) => existsSync(from)) : []), ...moves]
}

interface Way {
  readonly path: string
  readonly target: string
  readonly files: ImageFiles
}

/** From when this returns, every name leads to the image: the old one and the new one. */
async function place(
  journal: MoveJournal,
  { path, target, files }: Way,
  context: OperationContext,
  parts: Parts,
): Promise<MoveJournal> {
  if (journal.by === 'copy') {
    const onTheWay = { ...context, pointOfNoReturn: () => {} }
    await copyImage(files, target, onTheWay, parts)
  } else {
    for (const { from, to } of journal.files) {
      if (await linkFile(from, to)) continue
      const renamed = { ...journal, by: 'rename', phase: 'placed' } as const
      await writeJournal(path, renamed)
      return renamed
    }
  }
  const placed = { ...journal, phase: 'placed' } as const
  await writeJournal(path, placed)
  return placed
}

/** What it lies on it has been allowed to use, and may by its new name as well. */
function reachingOn(parts: Parts): Parts {
  return { ...parts, gate: fileGate(parts.look, locateNearby(parts.drivers, parts.look), ANYWHERE) }
}

/** Whether all of the chain can be opened. */
async function opens(path: string, parts: Parts): Promise<boolean> {
  try {
    const chain = await inspect({ path, chain: true }, { ...parts, openFile: parts.look })
    return chain.every(({ unreadable }) => unreadable === undefined)
  } catch (error) {
    if (error instanceof SpindleError) return false
    throw error
  }
}

async function takenBack(path: string, journal: MoveJournal, reason: unknown, parts: Parts): Promise<void> {
  try {
    await takeBack(path, journal, parts)
  } catch (error) {
    const message = `${errorData(reason).message} Then taking back what was done so far failed as well: ${errorData(error).message} Nothing is lost. “spindle mv” of ${path} goes on with it; until then keep the file that ends in .spindle-move.`
    throw new SpindleError(errorData(error).code, message, { path, cause: error })
  }
}

function taken(path: string): SpindleError {
  const message = `${path} exists already and was not touched. Nothing was moved. Choose another name.`
  return new SpindleError('exists', message, { path })
}

function cannotFollow(path: string, others: readonly string[]): SpindleError {
  const message = `${path} keeps its data in ${others.join(', ')}, which it names from its own folder, so it cannot go to another one. Nothing was moved.`
  return new SpindleError('unsupported', message, { path })
}

function wouldNotOpen(path: string, target: string): SpindleError {
  const message = `${path} cannot be moved to ${target}: it could not be opened there, because it names other files in a way that holds in its own folder only. It is where it was.`
  return new SpindleError('unsupported', message, { path })
}
