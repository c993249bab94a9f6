// The gate to real files: what an image may reach beside itself.

import { dirname, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { openFile } from '../storage/file.ts'
import type { FileAccess } from '../storage/file.ts'
import { MemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { inShort } from '../storage/system-error.ts'
import type { OpenGate } from './driver.ts'
import { OWN_FOLDER } from './reach.ts'
import type { Reach } from './reach.ts'
import { parseReference } from './reference.ts'

export type OpenFile = (path: string, access: FileAccess) => Promise<Storage>

/** Finds the image that calls itself `identity`, for one that has no name for it. Answers with its absolute path. */
export type Locate = (identity: string, from: Pick<Storage, 'name'>) => Promise<string | undefined>

const BY_IDENTITY = 'uuid:'

/**
 * Opens local files only, and those only that are within reach; relative names are relative to the folder of the file that
 * names them.
 */
export function fileGate(open: OpenFile = openFile, locate?: Locate, reach: Reach = OWN_FOLDER): OpenGate {
  return {
    async open(reference, from, access) {
      if (reference.startsWith(BY_IDENTITY)) {
        const identity = reference.slice(BY_IDENTITY.length)
        const found = await locate?.(identity, from)
        if (found === undefined) throw notLocated(identity, from)
        return open(found, access)
      }
      const path = pathOf(reference, from)
      if (!(await reach(path, from.name))) throw outside(path, from)
      try {
        return await open(path, access)
      } catch (error) {
        throw missing(error, path, from)
      }
    },
    async create(reference, from) {
      const path = pathOf(reference, from)
      if (!(await reach(path, from.name))) throw outside(path, from)
      return open(path, 'create')
    },
  }
}

/** For looking at one file alone: whatever it refers to stays closed and is taken to be an empty file. */
export const closedGate: OpenGate = {
  async open(reference) {
    return new MemoryStorage(reference, new Uint8Array(0), false)
  },
  async create(reference) {
    throw new SpindleError('internal', `something that only looks tried to create ${reference}`)
  },
}

/** The same, but for files that hold a part of the image itself and lie beside it: those are looked at. */
export function aloneGate(open: OpenFile): OpenGate {
  const gate = fileGate(open)
  return { ...closedGate, openPart: async (name, from) => gate.open(name, from, 'read') }
}

/** The file that the image stored in `from` means by `reference`. */
export function pathOf(reference: string, from: Pick<Storage, 'name'>): string {
  return resolve(dirname(from.name), localPath(reference, from))
}

function localPath(reference: string, from: Pick<Storage, 'name'>): string {
  try {
    return parseReference(reference).path
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    throw new SpindleError(error.code, `${from.name} refers to another file that cannot be used: ${error.message}`, {
      path: from.name,
      cause: error,
    })
  }
}

function notLocated(identity: string, from: Storage): SpindleError {
  return new SpindleError(
    'missing-file',
    `${from.name} holds only what differs from another image, the one with the UUID ${identity}, which is not in its folder or the folders next to it. Nothing was changed. Put that image into the same folder.`,
    { path: from.name },
  )
}

function outside(path: string, from: Pick<Storage, 'name'>): SpindleError {
  return new SpindleError(
    'outside',
    `${from.name} uses a file outside its own folder, ${inShort(path)}, which was not opened: whoever made the image could get at any file of yours in this way. Nothing was changed. If you know that file, allow it.`,
    { path: from.name, other: path },
  )
}

function missing(error: unknown, path: string, from: Storage): unknown {
  if (!(error instanceof SpindleError)) return error
  const wayOut =
    'Nothing was changed. Put the file back where it was, or give the image its right name for it with a rebase.'
  const message =
    error.code === 'not-found'
      ? `${from.name} needs the file ${inShort(path)}, which is not there. ${wayOut}`
      : `${from.name} needs the file ${inShort(path)}, which cannot be opened: ${error.message} Nothing was changed.`
  return new SpindleError('missing-file', message, { path: from.name, cause: error })
}
