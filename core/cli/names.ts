// File names: as given on the command line, and as those found in images are shown beside them.

import { dirname, isAbsolute, normalize, relative, resolve } from 'node:path'
import { parseReference } from '../index.ts'
import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { FormatId, ImageFacts } from '../model/image.ts'
import { likeQemuImg } from './program.ts'

export interface Named {
  readonly path: string
  /** For printing: as the user wrote it. */
  readonly shown: string
  readonly format?: FormatId
}

/** A `json:{…}` name may state the format; the option for it wins. Throws `unsupported` for unknown formats. */
export function fileNamed(text: string, format: string | undefined, operations: Operations): Named {
  const reference = referenceOf(text)
  const stated = format ?? reference.format
  if (stated !== undefined && likeQemuImg() && !operations.formats().some((one) => one.format === stated)) {
    throw new SpindleError('unsupported', `Could not open '${text}': Unknown driver '${stated}'`)
  }
  return {
    path: resolve(reference.path),
    shown: reference.path,
    ...(stated !== undefined && { format: operations.format(stated).format }),
  }
}

/** What is no local file cannot be opened, whatever else is wrong with it. */
function referenceOf(text: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(text)
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    throw new SpindleError(error.code, `Could not open '${text}': ${error.message}`, { cause: error })
  }
}

/** What each image of a chain is called, starting from the name the user gave to the first. */
export function chainNames(first: string, chain: readonly ImageFacts[]): readonly string[] {
  const names = [first]
  for (const facts of chain.slice(0, -1)) names.push(backingName(names.at(-1) ?? first, facts) ?? '')
  return names
}

/** The way to the backing file from where we are; where it was found by what it calls itself, the way to that. */
export function backingName(name: string, { path, backing, backingPath }: ImageFacts): string | undefined {
  if (!backing) return undefined
  const isElsewhere = backingPath !== undefined && resolve(dirname(path), localPath(backing.path) ?? '') !== backingPath
  return isElsewhere
    ? normalize(nameBeside(name, relative(dirname(path), backingPath)))
    : nameBeside(name, backing.path)
}

/** The files an image is made of, by path, as the user would write them. */
export function fileNames(name: string, { path, files = [] }: ImageFacts): ReadonlyMap<string, string> {
  return new Map([
    ...files.map((file) => [file.path, nameBeside(name, relative(dirname(path), file.path))] as const),
    [path, name],
  ])
}

/** Names in an image are relative to that image, not to where we are. Descriptions and protocols are shown as they are. */
export function nameBeside(image: string, reference: string): string {
  const path = localPath(reference) ?? reference
  if (isAbsolute(path) || /^[^/]*:/.test(path)) return path
  return image.slice(0, image.lastIndexOf('/') + 1) + path
}

function localPath(reference: string): string | undefined {
  try {
    return parseReference(reference).path
  } catch {
    // It is shown as it stands in the image; whoever opens it says what is wrong with it.
    return undefined
  }
}
