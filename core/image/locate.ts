// Finding an image by what it calls itself, in the folders where hypervisors keep what belongs together.

import { readdir } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import { SURE, isNamed, surestDriver } from './detect.ts'
import type { ImageDriver } from './driver.ts'
import { aloneGate } from './gate.ts'
import type { Locate, OpenFile } from './gate.ts'

/** More files than this are not looked into: the folder is no virtual machine's. */
const MOST_FILES = 10_000

/**
 * Looks beside the image, in its `Snapshots` folder, in the folder above, as it may lie in such a folder itself, and then
 * among `others`, by absolute path.
 */
export function locateNearby(
  drivers: readonly ImageDriver[],
  open: OpenFile,
  others: () => readonly string[] = () => [],
): Locate {
  return async (identity, from) => {
    const kind = kindOf(from.name)
    for await (const path of filesFrom(from.name, others)) {
      // What lies below an image is in the same format, and hypervisors name it so.
      if (path === from.name || kindOf(path) !== kind) continue
      if ((await identityOf(path, drivers, open)) === identity) return path
    }
    return undefined
  }
}

/** By its extension. Hyper-V puts an `a` in front of it for what lies on another image: .avhdx. */
function kindOf(path: string): string {
  return extname(path)
    .toLowerCase()
    .replace(/^\.avhd/, '.vhd')
}

async function* filesFrom(path: string, others: () => readonly string[]): AsyncGenerator<string> {
  yield* filesNear(path)
  yield* others()
}

async function* filesNear(path: string): AsyncGenerator<string> {
  const folder = dirname(path)
  let count = 0
  for (const near of [folder, join(folder, 'Snapshots'), dirname(folder)]) {
    for (const name of await filesIn(near)) {
      count += 1
      if (count > MOST_FILES) return
      yield join(near, name)
    }
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((one) => one.isFile() || one.isSymbolicLink()).map(({ name }) => name)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return []
    throw systemError(error, 'examine', folder)
  }
}

async function identityOf(path: string, drivers: readonly ImageDriver[], open: OpenFile): Promise<string | undefined> {
  try {
    await using storage = await open(path, 'read')
    const guess = await surestDriver(drivers, storage)
    // What a driver only suspects, the name settles here.
    if (!guess || (guess.confidence < SURE && !isNamed(guess.driver, storage))) return undefined
    // The layer closes the storage as well; closing twice does nothing.
    await using layer = await guess.driver.open(storage, aloneGate(open), 'read')
    return layer.identity
  } catch (error) {
    // What cannot be opened is not the image that is looked for.
    if (error instanceof SpindleError) return undefined
    throw error
  }
}
