// The files an image is made of, as they lie on the disk: what has to stay together when it is moved, copied or deleted.

import { lstat } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import { openLayer } from '../image/chain.ts'
import { aloneGate, pathOf } from '../image/gate.ts'
import { leadingPath } from '../image/leading.ts'
import { parseReference } from '../image/reference.ts'
import { SpindleError } from '../model/error.ts'
import type { BackingRef, FormatId } from '../model/image.ts'
import type { Storage } from '../storage/storage.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import { refuseHalfChanged } from '../storage/undo-file.ts'
import type { Parts } from './parts.ts'

export interface ImageFile {
  readonly path: string
  /** Of the file, on its file system. */
  readonly device: bigint
  readonly inode: bigint
  readonly size: number
  readonly allocatedSize: number
}

export interface ImageFiles {
  /** The one that leads to the others. */
  readonly image: ImageFile
  /** Those that lie in its folder. */
  readonly beside: readonly ImageFile[]
  /** Paths of those that lie somewhere else. */
  readonly elsewhere: readonly string[]
  /** Paths of those that it names by their whole path, wherever they lie. */
  readonly fixed: readonly string[]
  /** Absent for what cannot be opened as an image: then it is one file. */
  readonly format?: FormatId
  readonly virtualSize?: number
  readonly backing?: BackingRef
}

/** Throws `not-found`, and `invalid-argument` for what is no regular file; what cannot be opened is one file. */
export async function imageFilesOf(path: string, parts: Parts): Promise<ImageFiles> {
  const leader = await leadingPath(path, undefined, { drivers: parts.drivers, openFile: parts.look })
  const image = await fileAt(leader)
  await refuseHalfChanged(leader)
  try {
    const storage = await parts.look(leader, 'read')
    await using layer = await openLayer(storage, undefined, 'read', { ...parts, gate: aloneGate(parts.look) })
    const { dataFile } = await layer.describe()
    const data = dataFile === undefined ? [] : [pathOf(dataFile, layer.storage)]
    const names = [...new Set([...(layer.files ?? []).map(({ name }) => name), ...data])]
    const isBeside = (name: string): boolean => dirname(name) === dirname(leader)
    return {
      image,
      beside: await Promise.all(names.filter(isBeside).map(fileAt)),
      elsewhere: names.filter((name) => !isBeside(name)),
      fixed: dataFile !== undefined && isAbsolute(parseReference(dataFile).path) ? data : [],
      format: layer.format,
      virtualSize: layer.virtualSize,
      ...(layer.backing && { backing: layer.backing }),
    }
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code === 'in-use') throw error
    return { image, beside: [], elsewhere: [], fixed: [] }
  }
}

/** Throws for what is no regular file. */
export async function fileAt(path: string): Promise<ImageFile> {
  const found = await entryAt(path)
  if (!found) throw new SpindleError('not-found', `There is no file ${path}. Check its name and folder.`, { path })
  if (!found.isFile()) {
    const what = found.isSymbolicLink() ? 'a link to another file' : 'not a regular file'
    const message = `${path} is ${what}, so it is left where it is. Nothing was changed.`
    throw new SpindleError('invalid-argument', message, { path })
  }
  return {
    path,
    device: found.dev,
    inode: found.ino,
    size: Number(found.size),
    // A block is 512 bytes here, whatever the file system's own are.
    allocatedSize: Number(found.blocks) * 512,
  }
}

/** Undefined when there is nothing by that name. */
export async function entryAt(path: string) {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
    throw systemError(error, 'examine', path)
  }
}

/** Opens a file so that nobody else begins to use it; throws `in-use` when someone does. */
export async function hold(path: string, parts: Parts): Promise<Storage> {
  try {
    return await parts.openFile(path, 'write')
  } catch (error) {
    // It may be moved without being writable.
    const readable = error instanceof SpindleError && (error.code === 'access-denied' || error.code === 'unsupported')
    if (!readable) throw error
    return parts.openFile(path, 'read')
  }
}
