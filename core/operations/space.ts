// How much room a file system has.

import { statfs } from 'node:fs/promises'
import type { SpaceFacts } from '../model/library.ts'
import { systemError } from '../storage/system-error.ts'

/** Of the file system that holds the folder. */
export async function space(folder: string): Promise<SpaceFacts> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder)
    return { total: blocks * bsize, free: bavail * bsize }
  } catch (error) {
    throw systemError(error, 'examine', folder)
  }
}
