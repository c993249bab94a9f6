// The trash: a folder beside the volumes, so that what is put there stays on its file system and can be put back.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { FORMAT_IDS } from '../model/image.ts'
import type { FormatId } from '../model/image.ts'
import type { TrashItem } from '../model/plan.ts'
import { syncFolder } from '../storage/folder.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import { entryAt } from './image-files.ts'
import { moveFile } from './move-file.ts'

export const TRASH = '.spindle-trash'
const RECORD = 'record.json'
const VERSION = 1

/** Which way an item goes: one that was cut off is taken further that way. */
export type TrashState = 'trashing' | 'trashed' | 'restoring' | 'deleting'

export interface TrashedFile {
  readonly name: string
  /** Tells it from another file that took its name. */
  readonly inode: string
}

/** What an item's record says. Where it came from is the folder its trash lies in. */
export interface TrashRecord {
  readonly version: number
  readonly state: TrashState
  readonly trashedAt: number
  /** The image first. */
  readonly files: readonly TrashedFile[]
  readonly format?: FormatId
  readonly virtualSize?: number
}

export function originOf(item: string): string {
  return dirname(dirname(item))
}

/** A new, empty item in the trash of a folder. */
export async function newItem(folder: string, record: TrashRecord): Promise<string> {
  const trash = join(folder, TRASH)
  const item = join(trash, `${record.trashedAt}-${randomBytes(4).toString('hex')}`)
  try {
    await mkdir(item, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw systemError(error, 'create', item)
  }
  await writeRecord(item, record)
  await syncFolder(trash)
  await syncFolder(folder)
  return item
}

/** Durable, and whole at every moment. */
export async function writeRecord(item: string, record: TrashRecord): Promise<void> {
  const path = join(item, RECORD)
  const draft = `${path}.new`
  try {
    {
      await using file = await open(draft, 'w')
      await file.writeFile(`${JSON.stringify(record, undefined, 1)}\n`)
      await file.sync()
    }
    await rename(draft, path)
  } catch (error) {
    throw systemError(error, 'write', path)
  }
  await syncFolder(item)
}

/** Throws `not-found` for what is no item, `invalid-image` for one whose record makes no sense. */
export async function readRecord(item: string): Promise<TrashRecord> {
  if (basename(dirname(item)) !== TRASH) throw noItem(item)
  let text
  try {
    text = await readFile(join(item, RECORD), 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw noItem(item)
    throw systemError(error, 'read', item)
  }
  const record = recordIn(text)
  if (record) return record
  const message = `${item} holds files that were deleted, but its record cannot be read, so they are not touched. They can be moved out by hand.`
  throw new SpindleError('invalid-image', message, { path: item })
}

function noItem(item: string): SpindleError {
  return new SpindleError('not-found', `${item} is not in the trash any more. Nothing was changed.`, { path: item })
}

function recordIn(text: string): TrashRecord | undefined {
  try {
    const { version, state, trashedAt, files, format, virtualSize } = JSON.parse(text) as Partial<TrashRecord>
    const known = version === VERSION && state !== undefined && STATES.has(state) && typeof trashedAt === 'number'
    if (!known || !Array.isArray(files) || files.length === 0) return undefined
    if (!files.every(({ name, inode }) => isName(name) && typeof inode === 'string')) return undefined
    return {
      version,
      state,
      trashedAt,
      files,
      ...(format !== undefined && FORMAT_IDS.includes(format) && { format }),
      ...(typeof virtualSize === 'number' && { virtualSize }),
    }
  } catch {
    return undefined
  }
}

/** Without folders: nothing leads out of the item. */
function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && basename(name) === name
}

const STATES: ReadonlySet<TrashState> = new Set(['trashing', 'trashed', 'restoring', 'deleting'])

/** Puts the item's files into it. May be run again after a crash. */
export async function takeIn(item: string, record: TrashRecord): Promise<void> {
  const origin = originOf(item)
  for (const { name, inode } of record.files) {
    const found = await entryAt(join(origin, name))
    // Another file that has its name by now is none of ours.
    if (String(found?.ino) === inode) await moveFile(join(origin, name), join(item, name))
  }
  await syncFolder(item)
  await syncFolder(origin)
  await writeRecord(item, { ...record, state: 'trashed' })
}

/** Puts everything back, the image last, and ends the item. May be run again after a crash. */
export async function putBack(item: string, record: TrashRecord): Promise<void> {
  const origin = originOf(item)
  for (const { name } of record.files.toReversed()) {
    if (await entryAt(join(item, name))) await moveFile(join(item, name), join(origin, name))
  }
  await syncFolder(origin)
  await endItem(item)
}

/** Deletes everything in the item. May be run again after a crash. */
export async function deleteItem(item: string, record: TrashRecord): Promise<void> {
  await writeRecord(item, { ...record, state: 'deleting' })
  for (const { name } of record.files) await rm(join(item, name), { force: true })
  await endItem(item)
}

async function endItem(item: string): Promise<void> {
  await rm(join(item, RECORD), { force: true })
  // A file that is not ours keeps the folder.
  for (const folder of [item, dirname(item)]) {
    try {
      await rmdir(folder)
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) return
      throw systemError(error, 'write', folder)
    }
  }
}

/** All items in the trashes of these folders. What was cut off is taken to its end first. */
export async function trashIn(folders: readonly string[]): Promise<readonly TrashItem[]> {
  const items: TrashItem[] = []
  for (const folder of folders) {
    for (const name of await namesIn(join(folder, TRASH))) {
      const item = await settled(join(folder, TRASH, name))
      if (item) items.push(item)
    }
  }
  return items.toSorted((one, other) => other.trashedAt - one.trashedAt)
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    // Most folders have no trash, and some are not ours to look into.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return []
    throw systemError(error, 'examine', folder)
  }
}

async function settled(item: string): Promise<TrashItem | undefined> {
  let record
  try {
    record = await readRecord(item)
    if (record.state === 'trashing') await takeIn(item, record)
    if (record.state === 'restoring') await putBack(item, record)
    if (record.state === 'deleting') await deleteItem(item, record)
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    // What cannot be taken further, on a file system that is read-only by now, is shown as it is.
    if (!record) return undefined
  }
  return itemFacts(item, record)
}

async function itemFacts(item: string, record: TrashRecord): Promise<TrashItem | undefined> {
  const entries = await Promise.all(record.files.map(async ({ name }) => entryAt(join(item, name))))
  const there = entries.filter((entry) => entry !== undefined)
  const [image] = record.files
  if (!image || there.length === 0) return undefined
  return {
    path: item,
    from: join(originOf(item), image.name),
    fileCount: there.length,
    allocatedSize: there.reduce((sum, { blocks }) => sum + Number(blocks) * 512, 0),
    trashedAt: record.trashedAt,
    ...(record.format !== undefined && { format: record.format }),
    ...(record.virtualSize !== undefined && { virtualSize: record.virtualSize }),
  }
}
