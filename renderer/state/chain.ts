// Who reads through whom, as the library's rows tell.

import type { Volume } from '../../electron/contract/data.ts'

/** Volumes whose backing file is this one. */
export function overlaysOf({ path }: Volume, volumes: Iterable<Volume>): readonly Volume[] {
  return [...volumes].filter((one) => one.parent === path)
}

/** The backing file of this volume, where it is one of these. */
export function baseOf({ parent }: Volume, volumes: Iterable<Volume>): Volume | undefined {
  return parent === undefined ? undefined : [...volumes].find((one) => one.path === parent)
}
