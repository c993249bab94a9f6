// trash: images put aside with all their files, put back, and deleted for good.

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { EmptyTrashJob, JobResult, RestoreJob, TrashJob } from '../model/job.ts'
import type { TrashPlan } from '../model/plan.ts'
import { undoFileOf } from '../storage/undo-file.ts'
import { throwIfCancelled } from './cancel.ts'
import { dependentsOf, foldersOf } from './dependents.ts'
import { entryAt, fileAt, hold, imageFilesOf } from './image-files.ts'
import type { ImageFile, ImageFiles } from './image-files.ts'
import type { Parts } from './parts.ts'
import { deleteItem, newItem, originOf, putBack, readRecord, takeIn, writeRecord } from './trash-store.ts'

export async function planTrash(paths: readonly string[], parts: Parts): Promise<TrashPlan> {
  const images = await allFiles(paths, parts)
  const files = images.flatMap(({ image, beside }) => [image, ...beside])
  return {
    files: files.map(({ path }) => path),
    allocatedSize: files.reduce((sum, { allocatedSize }) => sum + allocatedSize, 0),
    dependents: await dependentsOn(images, parts),
    command: ['spindle', 'trash', 'put', ...paths],
  }
}

/** All of the images, or none. Throws `in-use` when a machine uses one of them, or an image that stays lies on it. */
export async function trash(job: TrashJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const images = await allFiles(job.paths, parts)
  await using held = new AsyncDisposableStack()
  for (const { image, beside } of images) for (const { path } of [image, ...beside]) held.use(await hold(path, parts))
  if (!job.allowDependents) {
    const dependents = await dependentsOn(images, parts)
    if (dependents.length > 0) throw stillNeeded(job.paths, dependents)
  }
  throwIfCancelled(context.signal)
  context.pointOfNoReturn()
  const items: string[] = []
  try {
    for (const image of images) items.push(await putAside(image, items))
  } catch (error) {
    await backAgain(items, error)
    throw error
  }
  return { kind: 'trash', items, warnings: images.flatMap(leftElsewhere) }
}

export async function restore(job: RestoreJob, context: OperationContext): Promise<JobResult> {
  const paths: string[] = []
  for (const item of job.items) {
    throwIfCancelled(context.signal)
    const record = await readRecord(item)
    for (const { name } of record.files) {
      const path = join(originOf(item), name)
      const [ours, there] = [await entryAt(join(item, name)), await entryAt(path)]
      if (ours && there && ours.ino !== there.ino) throw nameTaken(path)
    }
    await writeRecord(item, { ...record, state: 'restoring' })
    await putBack(item, record)
    paths.push(...record.files.slice(0, 1).map(({ name }) => join(originOf(item), name)))
  }
  return { kind: 'restore', paths, warnings: [] }
}

export async function emptyTrash(job: EmptyTrashJob, context: OperationContext): Promise<JobResult> {
  let freed = 0
  for (const item of job.items) {
    throwIfCancelled(context.signal)
    const record = await readRecord(item)
    for (const { name } of record.files) {
      const entry = await entryAt(join(item, name))
      freed += Number(entry?.blocks ?? 0) * 512
    }
    await deleteItem(item, record)
  }
  return { kind: 'empty-trash', freed, warnings: [] }
}

async function allFiles(paths: readonly string[], parts: Parts): Promise<readonly ImageFiles[]> {
  const images = new Map<string, ImageFiles>()
  for (const path of paths) {
    const files = await imageFilesOf(path, parts)
    images.set(files.image.path, files)
  }
  return [...images.values()]
}

async function dependentsOn(images: readonly ImageFiles[], parts: Parts): Promise<readonly string[]> {
  const paths = images.map(({ image }) => image.path)
  return dependentsOf(paths, paths, await foldersOf(paths), parts)
}

async function putAside(files: ImageFiles, before: readonly string[]): Promise<string> {
  const { image, beside, format, virtualSize } = files
  const all = [image, ...beside]
  const undoFiles = await Promise.all(all.map(async ({ path }) => undoFileOf(path)))
  const further = await Promise.all(undoFiles.filter((path) => existsSync(path)).map(fileAt))
  // Each at another moment, so that their names differ.
  const trashedAt = Math.max(Date.now(), ...before.map((item) => Number.parseInt(basename(item), 10) + 1))
  const record = {
    version: 1,
    state: 'trashing',
    trashedAt,
    files: [...all, ...further].map(({ path, inode }: ImageFile) => ({ name: basename(path), inode: String(inode) })),
    ...(format !== undefined && { format }),
    ...(virtualSize !== undefined && { virtualSize }),
  } as const
  const item = await newItem(dirname(image.path), record)
  try {
    await takeIn(item, record)
  } catch (error) {
    await backAgain([item], error)
    throw error
  }
  return item
}

async function backAgain(items: readonly string[], reason: unknown): Promise<void> {
  for (const item of items) {
    try {
      const record = await readRecord(item)
      await writeRecord(item, { ...record, state: 'restoring' })
      await putBack(item, record)
    } catch (error) {
      const message = `${errorData(reason).message} Then putting back what was moved to ${item} failed as well: ${errorData(error).message} The files are whole, and there.`
      throw new SpindleError(errorData(error).code, message, { path: item, cause: error })
    }
  }
}

function stillNeeded(paths: readonly string[], dependents: readonly string[]): SpindleError {
  const [path = ''] = paths
  const what = paths.length === 1 ? path : 'what was to be deleted'
  const message = `Other images read through ${what}, and cannot be read without it: ${dependents.join(', ')}. Nothing was changed. Rebase or delete those first, or delete them together.`
  return new SpindleError('in-use', message, { path })
}

function nameTaken(path: string): SpindleError {
  const message = `${path} was not put back, because there is another file of that name by now. Nothing was changed. Rename that one first.`
  return new SpindleError('exists', message, { path })
}

function leftElsewhere({ image, elsewhere }: ImageFiles): readonly string[] {
  if (elsewhere.length === 0) return []
  return [
    `${elsewhere.join(', ')} ${elsewhere.length === 1 ? 'belongs' : 'belong'} to ${image.path} and stayed where ${elsewhere.length === 1 ? 'it is' : 'they are'}.`,
  ]
}
