// Making names durable: a new, renamed or deleted file is sure to be so only once its folder is on disk.

import { open } from 'node:fs/promises'
import { systemCode, systemError } from './system-error.ts'

/** Returns when the names in the folder are durable. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r')
    await handle.sync()
  } catch (error) {
    // Some file systems have nothing to sync a folder with.
    if (!NO_FOLDER_SYNC.has(systemCode(error) ?? '')) throw systemError(error, 'flush', folder)
  }
}

const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES'])
