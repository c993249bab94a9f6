// How much room a file system has, and whether it is enough.

import { statfs } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { SpindleError, attempting } from '../model/error.ts'
import type { SpaceFacts } from '../model/library.ts'
import { formatSize } from '../model/units.ts'
import { systemError } from '../storage/system-error.ts'

/** Of the file system that holds the folder. */
export async function space(folder: string): Promise<SpaceFacts> {
  try {
    return await ask(folder)
  } catch (error) {
    throw systemError(error, 'examine', folder)
  }
}

/** Free bytes where `target` is to be. */
export async function freeFor(target: string): Promise<number> {
  return attempting('create', async () => {
    try {
      return (await ask(dirname(target))).free
    } catch (error) {
      throw systemError(error, 'create', target)
    }
  })
}

/** Throws `no-space` when `needed` bytes do not fit where `target` is to be. */
export async function checkRoom(target: string, needed: number): Promise<void> {
  const free = await freeFor(target)
  if (needed <= free) return
  throw new SpindleError(
    'no-space',
    `There is not enough room in ${dirname(target)}: ${basename(target)} needs ${formatSize(needed)} and ${formatSize(free)} are free, so ${formatSize(needed - free)} are missing. Nothing was written. Make room there, or choose another folder.`,
    { path: target },
  )
}

async function ask(folder: string): Promise<SpaceFacts> {
  const { bsize, blocks, bavail } = await statfs(folder)
  return { total: blocks * bsize, free: bavail * bsize }
}
