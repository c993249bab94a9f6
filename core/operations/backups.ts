// The backups kept in a folder: which ones Spindle made there, and which of them are no longer wanted.

import { readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { syncFolder } from '../storage/folder.ts'
import { systemCode, systemError } from '../storage/system-error.ts'

/** One line of the list that lies beside the backups. */
interface Entry {
  /** Its name in the folder. */
  readonly file: string
  /** Of the disk it is a copy of. */
  readonly source: string
  /** Milliseconds since 1970. */
  readonly madeAt: number
  /** Of the file as it was made: another one by that name is not ours. */
  readonly size: number
  readonly modifiedAt: number
}

export interface Retention {
  /** Milliseconds; what is older goes. */
  readonly age?: number
  /** The newest so many stay. */
  readonly count?: number
}

export interface BackupsSpec {
  readonly folder: string
  /** Absolute path of the disk that is backed up. */
  readonly source: string
  readonly keep: Retention
  /** Milliseconds since 1970. */
  readonly now: number
}

const LIST = '.spindle-backups'

/** Notes the finished backup `file` in the folder, and deletes those that are not to be kept. Returns their names. */
export async function keepBackup(file: string, spec: BackupsSpec): Promise<readonly string[]> {
  const { folder, source, now } = spec
  const { size, mtimeMs } = await statOf(join(folder, file))
  const entries = [...(await listed(folder)), { file, source, madeAt: now, size, modifiedAt: mtimeMs }]
  await writeList(folder, entries)
  const leaving = (await unwanted(entries, spec)).filter((one) => one.file !== file)
  for (const one of leaving) await remove(join(folder, one.file))
  const gone = new Set(leaving.map((one) => one.file))
  if (gone.size > 0) {
    await writeList(
      folder,
      entries.filter((one) => !gone.has(one.file)),
    )
  }
  return [...gone]
}

/** Never the newest; never what was changed, replaced or renamed since, nor what is a copy of another disk. */
async function unwanted(
  entries: readonly Entry[],
  { folder, source, keep, now }: BackupsSpec,
): Promise<readonly Entry[]> {
  if (keep.age === undefined && keep.count === undefined) return []
  const own = entries.filter((one) => one.source === source).toSorted((a, b) => b.madeAt - a.madeAt)
  const there: Entry[] = []
  for (const one of own) if (await isUnchanged(folder, one)) there.push(one)
  return there.filter((one, index) => {
    const isYoung = keep.age !== undefined && now - one.madeAt <= keep.age
    const isAmongNewest = keep.count !== undefined && index < keep.count
    return index > 0 && !isYoung && !isAmongNewest
  })
}

async function isUnchanged(folder: string, { file, size, modifiedAt }: Entry): Promise<boolean> {
  try {
    const now = await stat(join(folder, file))
    return now.isFile() && now.size === size && now.mtimeMs === modifiedAt
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw systemError(error, 'examine', join(folder, file))
  }
}

async function listed(folder: string): Promise<readonly Entry[]> {
  const path = join(folder, LIST)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw systemError(error, 'read', path)
  }
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => entryOf(JSON.parse(line)))
  } catch (error) {
    throw new SpindleError(
      'invalid-image',
      `${path}, the list of the backups in this folder, is damaged, so none of them was deleted. Delete the list to begin a new one; the backups themselves are not touched by that.`,
      { path, cause: error },
    )
  }
}

function entryOf(value: unknown): Entry {
  const { file, source, madeAt, size, modifiedAt } = Object(value) as Readonly<Record<string, unknown>>
  const isName = typeof file === 'string' && /^[^/]+$/.test(file) && file !== '..' && file !== '.'
  if (!isName || typeof source !== 'string') throw new TypeError('no entry')
  if (typeof madeAt !== 'number' || typeof size !== 'number' || typeof modifiedAt !== 'number') {
    throw new TypeError('no entry')
  }
  return { file, source, madeAt, size, modifiedAt }
}

/** As a whole: half a list would be a damaged one. */
async function writeList(folder: string, entries: readonly Entry[]): Promise<void> {
  const path = join(folder, LIST)
  try {
    await writeFile(`${path}.partial`, entries.map((one) => `${JSON.stringify(one)}\n`).join(''), { flush: true })
    await rename(`${path}.partial`, path)
  } catch (error) {
    throw systemError(error, 'write', path)
  }
  await syncFolder(folder)
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    throw systemError(error, 'examine', path)
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    throw systemError(error, 'write', path)
  }
}
