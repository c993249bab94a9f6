// tree: all images in some folders, and what lies on what.

import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { graphOf } from '../library/graph.ts'
import type { FoundImage, ImageNode } from '../library/graph.ts'
import { hasImageName, isPassedOver } from '../library/volume.ts'
import { SpindleError, errorData } from '../model/error.ts'
import { systemError } from '../storage/system-error.ts'
import { turnsOf } from './cancel.ts'
import { inspect } from './inspect.ts'
import type { Parts } from './parts.ts'

export interface TreeSpec {
  /** Absolute. */
  readonly folders: readonly string[]
  /** Folders inside these as well. */
  readonly deep: boolean
}

/** Files count by their names' endings; what an image lies on counts wherever it is. */
export async function tree(spec: TreeSpec, signal: AbortSignal, parts: Parts): Promise<readonly ImageNode[]> {
  const files: string[] = []
  for (const folder of spec.folders) {
    for await (const file of filesIn(folder, spec.deep)) if (hasImageName(parts.drivers, file)) files.push(file)
  }
  return graphOf(await lookAtAll(files, signal, parts))
}

/** The tree that an image is in: of what lies in these folders, and of the overlays that are known wherever they are. */
export async function familyIn(
  path: string,
  folders: readonly string[],
  signal: AbortSignal,
  parts: Parts,
): Promise<ImageNode> {
  const files = [path]
  for (const folder of folders) {
    if (!(await exists(folder))) continue
    for await (const file of filesIn(folder, false)) if (hasImageName(parts.drivers, file)) files.push(file)
  }
  const images = await lookAtAll(files, signal, parts)
  const root = graphOf(images).find((one) => holds(one, path))
  if (root) return root
  throw new SpindleError('internal', `${path} is in no tree.`, { path })
}

function holds({ path, children }: ImageNode, wanted: string): boolean {
  return path === wanted || children.some((child) => holds(child, wanted))
}

async function lookAtAll(files: readonly string[], signal: AbortSignal, parts: Parts): Promise<readonly FoundImage[]> {
  const pace = turnsOf(signal)
  const found = new Map<string, FoundImage>()
  const waiting = [...files]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    await pace(0)
    const path = await real(file)
    if (found.has(path)) continue
    const image = await lookAt(path, parts)
    // Parts of an image in several files lead to it.
    const leader = image.facts ? await real(image.facts.path) : path
    found.set(leader, { ...image, path: leader })
    waiting.push(...(parts.overlaysOf?.([leader]) ?? []))
    if (image.below !== undefined && !found.has(image.below) && (await exists(image.below))) waiting.push(image.below)
  }
  return [...found.values()]
}

async function* filesIn(folder: string, deep: boolean): AsyncGenerator<string> {
  let entries
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    throw systemError(error, 'examine', folder)
  }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (isPassedOver(entry.name)) continue
    if (entry.isDirectory() && deep) yield* filesIn(path, deep)
    if (entry.isFile() || entry.isSymbolicLink()) yield path
  }
}

async function lookAt(path: string, parts: Parts): Promise<FoundImage> {
  try {
    const [facts] = await inspect({ path, chain: false }, { ...parts, openFile: parts.look })
    if (!facts) return { path }
    const below = facts.backingPath === undefined ? undefined : await real(facts.backingPath)
    return { path, facts, ...(below !== undefined && { below }) }
  } catch (error) {
    return { path, error: errorData(error) }
  }
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

async function exists(path: string): Promise<boolean> {
  return realpath(path).then(
    () => true,
    () => false,
  )
}
