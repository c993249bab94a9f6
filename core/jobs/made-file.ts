// Files that a job makes beside images: the name of each, and how it is told from another that came later by that name.

import { lstatSync } from 'node:fs'

export interface MadeFile {
  readonly path: string
  /** Undefined where the program ended before the file was seen. */
  readonly identity?: string
}

/** Undefined where there is nothing by that name. */
export function identityOf(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  // A number of a file that is gone is given to the next one; the two were not made at the same moment.
  return found && `${found.dev}:${found.ino}:${found.birthtimeNs}`
}
