// Moving one file on its file system: never over another, and to be gone on with after a crash.

import { link, rename, unlink } from 'node:fs/promises'
import { systemCode, systemError } from '../storage/system-error.ts'
import { entryAt } from './image-files.ts'

/** A second hand at the same work does no harm. Throws `exists` when there is another file by that name. */
export async function moveFile(from: string, to: string): Promise<void> {
  if (await linkFile(from, to)) await removeFile(from)
  else if (await entryAt(from)) await renameFile(from, to)
}

/** Gives the file a second name. False where the file system has no such thing. */
export async function linkFile(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT' && (await entryAt(to))) return true
    if (code === 'EEXIST' && (await isSameFile(from, to))) return true
    if (NO_LINKS.has(code)) return false
    throw systemError(error, 'create', to)
  }
}

export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw systemError(error, 'write', path)
  }
}

export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [left, right] = [await entryAt(one), await entryAt(other)]
  return left !== undefined && left.ino === right?.ino && left.dev === right.dev
}

/** Without hard links there is a moment in which a file that appears just now would be replaced. */
async function renameFile(from: string, to: string): Promise<void> {
  if (await entryAt(to)) throw systemError(Object.assign(new Error('taken'), { code: 'EEXIST' }), 'create', to)
  try {
    await rename(from, to)
  } catch (error) {
    throw systemError(error, 'create', to)
  }
}

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])
