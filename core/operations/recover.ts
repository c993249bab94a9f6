// After a crash: what a job left behind beside images, put back or removed, and whether it had done all it was to do.

import { unlink } from 'node:fs/promises'
import { identityOf } from '../jobs/made-file.ts'
import type { MadeFile } from '../jobs/made-file.ts'
import type { JobSpec } from '../model/job.ts'
import { openFile } from '../storage/file.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import { beingChanged, changeState, decidingFile, undoFileOf } from '../storage/undo-file.ts'
import { readLogFacts } from '../storage/undo-log.ts'
import { undo } from './undo.ts'

const PARTIAL = '.partial'
const UNDO = '.spindle-undo'

/** The job as the journal has it. */
export interface CutOffJob {
  readonly spec: JobSpec
  readonly made: readonly MadeFile[]
  /** Whether it had passed its point of no return. */
  readonly final: boolean
}

/** Changes nothing. */
export async function hadFinished({ spec, made, final }: CutOffJob): Promise<boolean> {
  if (!final) return false
  // Its new file has a name of its own until it takes that of the old one.
  if (spec.kind === 'compact') return identityOf(`${spec.path}.compacted`) === undefined
  const [image] = made.filter(isPartial)
  if (image) return isPublished(image)
  // Of two changes one after the other, the first may have been all there was time for; both can be done again.
  if (spec.kind === 'commit') return false
  for (const { path } of made.filter(isUndoFile)) if ((await changeState(imageOf(path))) !== 'none') return false
  return true
}

/**
 * Puts images back from the undo files the job made, and removes its files in the making. Whatever else lies there by
 * such a name stays. Throws where a file cannot be put back or removed; to be called again then.
 */
export async function recover(made: readonly MadeFile[]): Promise<void> {
  for (const file of made.filter(isUndoFile)) if (isStillOurs(file)) await putBack(imageOf(file.path))
  const [image, ...others] = made.filter(isPartial)
  if (!image) return
  const published = isPublished(image)
  for (const file of [image, ...others]) {
    if (isStillOurs(file)) await remove(file.path)
    // The image gets its name last: without it, the others are parts of nothing.
    if (!published && hasItsName(file)) await remove(nameOf(file.path))
  }
}

async function putBack(image: string): Promise<void> {
  const state = await changeState(image)
  if (state === 'under-way') throw beingChanged(image)
  if (state === 'cut-off') await undo(image)
  if (identityOf(await undoFileOf(image)) === undefined) return
  if (!(await isOffer(image))) await remove(await undoFileOf(image))
}

/** Of a complete change, by itself or with others; what was never begun, or has nothing that decides over it, is not. */
async function isOffer(image: string): Promise<boolean> {
  await using log = await openFile(await undoFileOf(image), 'read')
  return (await readLogFacts(log)) !== undefined && (await decidingFile(image)) !== undefined
}

function isPartial({ path }: MadeFile): boolean {
  return path.endsWith(PARTIAL)
}

function isUndoFile({ path }: MadeFile): boolean {
  return path.endsWith(UNDO)
}

function imageOf(undoFile: string): string {
  return undoFile.slice(0, -UNDO.length)
}

function nameOf(partial: string): string {
  return partial.slice(0, -PARTIAL.length)
}

/** It is there, and no other file that came to that name later. */
function isStillOurs({ path, identity }: MadeFile): boolean {
  const found = identityOf(path)
  return found !== undefined && (identity === undefined || identity === found)
}

/** The file in the making has got its name. */
function hasItsName({ path, identity }: MadeFile): boolean {
  return identity !== undefined && identityOf(nameOf(path)) === identity
}

function isPublished(image: MadeFile): boolean {
  return image.identity === undefined ? identityOf(image.path) === undefined : hasItsName(image)
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw systemError(error, 'write', path)
  }
}
