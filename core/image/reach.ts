// How far an image may lead: to files in its own folder, and to those that someone has allowed.

import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'

/** Both paths are absolute; `from` is the file that names the other one. */
export type Reach = (path: string, from: string) => Promise<boolean>

/** For those who answer for what they open, as qemu-img has it. */
export const ANYWHERE: Reach = async () => true

/**
 * `allowed` are files and folders, absolute, that the file `from` may use. What is not there is within reach of all: there
 * is nothing to be got at.
 */
export function reachOf(allowed: (from: string) => readonly string[]): Reach {
  return async (path, from) => {
    const target = await placeOf(path)
    if (target.kind === 'nothing') return true
    // Who may write into one block device may well not be meant to read the others.
    const own = target.kind === 'device' ? [] : [await folderOf(from), dirname((await placeOf(from)).path)]
    if (own.some((folder) => isWithin(target.path, folder))) return true
    for (const one of allowed(from)) if (isWithin(target.path, (await placeOf(one)).path)) return true
    return false
  }
}

export const OWN_FOLDER: Reach = reachOf(() => [])

interface Place {
  readonly kind: 'file' | 'device' | 'nothing'
  /** Where links lead. */
  readonly path: string
}

/** Also of a file inside another, as a member of an archive is. */
async function placeOf(path: string): Promise<Place> {
  const rest: string[] = []
  for (let at = path; ; at = dirname(at)) {
    try {
      const real = await realpath(at)
      const found = await lstat(real)
      const whole = join(real, ...rest)
      if (found.isBlockDevice() || found.isCharacterDevice()) return { kind: 'device', path: whole }
      return { kind: rest.length > 0 && found.isDirectory() ? 'nothing' : 'file', path: whole }
    } catch {
      // What cannot be looked at is seen as it is called: whoever opens it is told why that fails.
      if (dirname(at) === at) return { kind: 'file', path }
      rest.unshift(basename(at))
    }
  }
}

async function folderOf(path: string): Promise<string> {
  return (await placeOf(dirname(path))).path
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
}
