// Who reads through whom, as the library's rows tell.

import type { Volume } from '../../electron/contract/data.ts'

/** Volumes whose backing file is this one. */
export function overlaysOf({ path }: Volume, volumes: Iterable<Volume>): readonly Volume[] {
  return [...volumes].filter((one) => one.parent === path)
  return [...volumes].filter((one) => one.backing !== undefined && backingPath(one, one.backing) === path)
}

/** The backing file of this volume, where it is one of these. */
export function baseOf(volume: Volume, volumes: Iterable<Volume>): Volume | undefined {
  if (volume.backing === undefined) return undefined
  const path = backingPath(volume, volume.backing)
  return [...volumes].find((one) => one.path === path)
}

/** Where a backing name leads to: relative names are relative to the image's folder. */
function backingPath({ path }: Volume, backing: string): string {
  if (/^(?:\/|[a-z]:[\\/])/i.test(backing)) return backing
  const separator = path.includes('\\') ? '\\' : '/'
  const parts = path.split(separator).slice(0, -1)
  for (const part of backing.split(/[\\/]/)) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join(separator)
}
