// The images that lie on one that moves: what each of them calls it, and what it is to call it.

import { dirname, isAbsolute, join, relative } from 'node:path'
import { openLayer } from '../image/chain.ts'
import { aloneGate } from '../image/gate.ts'
import { parseReference, statedFormat } from '../image/reference.ts'
import { SpindleError } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import { dependentsOf, foldersOf } from './dependents.ts'
import type { Parts } from './parts.ts'

export interface Child {
  readonly path: string
  readonly format: string
  readonly before: BackingRef
  /** Left out where it is found by what it calls itself. */
  readonly after?: BackingRef
}

/** Throws `in-use` when one of them cannot be changed now, and `unsupported` when one would not find it again. */
export async function childrenOf(image: string, target: string, parts: Parts): Promise<readonly Child[]> {
  const children: Child[] = []
  for (const path of await dependentsOf([image], [image], await foldersOf([image]), parts)) {
    const child = await childAt(path, image, target, parts)
    if (child) children.push(child)
  }
  return children
}

async function childAt(path: string, image: string, target: string, parts: Parts): Promise<Child | undefined> {
  const storage = await parts.openFile(path, 'write')
  await using layer = await openLayer(storage, undefined, 'write', { ...parts, gate: aloneGate(parts.openFile) })
  const { backing, backingLink, format, unwritable } = layer
  if (!backing) return undefined
  const byIdentity = backing.path.startsWith('uuid:') || !backingLink || backingLink.byIdentity === true
  if (byIdentity && backing.identity !== undefined) {
    const folder = dirname(path)
    const near = [folder, join(folder, 'Snapshots'), dirname(folder)]
    if (!near.includes(dirname(target))) throw wouldNotFind(path, image)
    return { path, format, before: backing }
  }
  if (unwritable) throw SpindleError.fromData(unwritable)
  if (!backingLink) throw wouldNotFind(path, image)
  const { alternatives: _alternatives, ...known } = backing
  const stated = backing.format ?? statedFormat(backing.path)
  const after = {
    ...known,
    path: nameFrom(path, target, backing.path),
    ...(stated !== undefined && { format: stated }),
  }
  return { path, format, before: backing, after }
}

/** In the way the old name was written: from the folder of the image, or as a whole path. */
export function nameFrom(from: string, to: string, like: string): string {
  if (isAbsolute(parseReference(like).path)) return to
  const name = relative(dirname(from), to)
  // A name with a colon would be taken for a protocol.
  return name.includes(':') && !name.startsWith('.') ? `./${name}` : name
}

function wouldNotFind(path: string, image: string): SpindleError {
  const message = `${path} lies on ${image} and knows it only by what it calls itself, so it would not find it in another folder. Nothing was changed. Move both together, or flatten ${path} first.`
  return new SpindleError('unsupported', message, { path })
}
