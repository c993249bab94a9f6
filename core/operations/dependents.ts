// Which other images read through the ones that a job is about to change.

import { readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { ImageFacts } from '../model/image.ts'
import { systemError } from '../storage/system-error.ts'
import { inspect } from './inspect.ts'
import type { Parts } from './parts.ts'

/**
 * Images in these folders, and others that `parts` knows of, whose backing file is one of `changed`, apart from those in
 * `known`. Absolute paths.
 */
export async function dependentsOf(
  changed: readonly string[],
  known: readonly string[],
  folders: readonly string[],
  parts: Parts,
): Promise<readonly string[]> {
  const targets = new Set(await Promise.all(changed.map(real)))
  const identities = new Set(
    (await Promise.all(changed.map((path) => lookAt(path, parts)))).map((one) => one?.identity),
  )
  const passed = new Set(await Promise.all(known.map(real)))
  const found = new Set<string>()
  const files = await filesIn(folders)
  for (const file of [...files, ...(parts.overlaysOf?.([...changed, ...targets]) ?? [])]) {
    const path = await real(file)
    if (passed.has(path) || found.has(path)) continue
    // By the name in this folder: what it refers to is relative to that.
    const facts = await lookAt(file, parts)
    const { backing, backingPath } = facts ?? {}
    if (backingPath !== undefined && targets.has(await real(backingPath))) found.add(path)
    // Some images have no name for what they lie on.
    if (backing?.identity !== undefined && identities.has(backing.identity)) found.add(path)
  }
  return [...found].toSorted()
}

/** Where files are kept: as they are named, and where links lead. */
export async function foldersOf(paths: readonly string[]): Promise<readonly string[]> {
  const folders = await Promise.all(paths.map(async (path) => [dirname(path), dirname(await real(path))]))
  return [...new Set(folders.flat())]
}

async function filesIn(folders: readonly string[]): Promise<readonly string[]> {
  const lists = folders.map(async (folder) => {
    try {
      const entries = await readdir(folder, { withFileTypes: true })
      return entries.filter((one) => one.isFile() || one.isSymbolicLink()).map(({ name }) => join(folder, name))
    } catch (error) {
      throw systemError(error, 'examine', folder)
    }
  })
  return (await Promise.all(lists)).flat()
}

async function lookAt(path: string, parts: Parts): Promise<ImageFacts | undefined> {
  try {
    // Without minding locks: an image that a machine runs on depends on its base all the more.
    const [facts] = await inspect({ path, chain: false }, { ...parts, openFile: parts.look })
    return facts
  } catch (error) {
    // What is no image, or none that opens, reads through nothing.
    if (error instanceof SpindleError) return undefined
    throw error
  }
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}
