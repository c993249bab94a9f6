// From a file that is only a part of an image to the image itself.

import { basename, dirname, join } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { ImageDriver } from './driver.ts'
import type { OpenFile } from './gate.ts'

/**
 * The image that the file at `path` belongs to: a disk in several files is one volume, whichever of them is named.
 * `path` itself where nothing beside it says that it is a part, or another format is meant.
 */
export async function leadingPath(
  path: string,
  format: string | undefined,
  how: { readonly drivers: readonly ImageDriver[]; readonly openFile: OpenFile },
): Promise<string> {
  const name = basename(path)
  for (const driver of how.drivers) {
    if (format !== undefined && format !== driver.format) continue
    for (const leader of driver.leadersOf?.(name) ?? []) {
      const candidate = join(dirname(path), leader)
      if (await leads(driver, candidate, name, how.openFile)) return candidate
    }
  }
  return path
}

async function leads(driver: ImageDriver, candidate: string, name: string, open: OpenFile): Promise<boolean> {
  try {
    await using storage = await open(candidate, 'read')
    return (await driver.leads?.(storage, name)) === true
  } catch (error) {
    // What is not there, or cannot be opened, leads nowhere; what was asked for is opened as it is then.
    if (error instanceof SpindleError) return false
    throw error
  }
}
