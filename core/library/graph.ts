// What depends on what: images by the images they lie on, whatever their formats.

import type { ErrorData } from '../model/error.ts'
import type { ImageFacts } from '../model/image.ts'

/** An image that was found, or one that another needs. */
export interface ImageNode {
  /** Absolute; for one that is known by nothing but its identity, that: `uuid:…`. */
  readonly path: string
  /** Absent for what is not there, or cannot be opened. */
  readonly facts?: ImageFacts
  /** Why it cannot be opened; absent for one that is not there. */
  readonly error?: ErrorData
  /** Named by an image above it, but not found. */
  readonly missing: boolean
  /** Images that lie on this one, by path. */
  readonly children: readonly ImageNode[]
}

export interface FoundImage {
  /** Absolute, without links. */
  readonly path: string
  /** Where its backing name leads to, without links. */
  readonly below?: string
  readonly facts?: ImageFacts
  readonly error?: ErrorData
}

/** The images that lie on nothing, or on something that was not found, by path. Chains that loop begin anywhere. */
export function graphOf(images: readonly FoundImage[]): readonly ImageNode[] {
  const found = new Map(images.map((image) => [image.path, image]))
  const byIdentity = new Map(
    images.flatMap((image) =>
      image.facts?.identity === undefined ? [] : [[image.facts.identity, image.path] as const],
    ),
  )
  const above = new Map<string, string[]>()
  const roots = new Set<string>()
  for (const image of images) {
    const below = parentOf(image, found, byIdentity)
    if (below === undefined) roots.add(image.path)
    else above.set(below, [...(above.get(below) ?? []), image.path])
    if (below !== undefined && !found.has(below)) roots.add(below)
  }
  const drawn = new Set<string>()
  const nodeOf = (path: string): ImageNode => {
    drawn.add(path)
    const { facts, error } = found.get(path) ?? {}
    const children = (above.get(path) ?? []).filter((child) => !drawn.has(child)).toSorted()
    return {
      path,
      ...(facts && { facts }),
      ...(error && { error }),
      missing: !found.has(path),
      children: children.map(nodeOf),
    }
  }
  const nodes = [...roots].toSorted().map(nodeOf)
  for (const { path } of images) if (!drawn.has(path)) nodes.push(nodeOf(path))
  return nodes
}

function parentOf(
  { below, facts }: FoundImage,
  found: ReadonlyMap<string, FoundImage>,
  byIdentity: ReadonlyMap<string, string>,
): string | undefined {
  const backing = facts?.backing
  if (!backing) return undefined
  if (below !== undefined && found.has(below)) return below
  const known = backing.identity === undefined ? undefined : byIdentity.get(backing.identity)
  return known ?? below ?? backing.path
}
