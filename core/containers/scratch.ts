// Room for unpacked bytes that are read again and again: in memory, or in a file nobody else can see.

import { mkdtemp, rmdir, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { openFile } from '../storage/file.ts'
import { MemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'

const ZEROS = Buffer.alloc(64 * 1024)

/** A storage with these pieces one after the other; blocks of zeros take no room. Its room is free again once it is closed. */
export async function openScratch(
  name: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  where: 'memory' | 'file',
): Promise<Storage> {
  const scratch = where === 'memory' ? new MemoryStorage(name) : await openUnnamed()
  try {
    let size = 0
    for await (const piece of pieces) {
      await writeSparse(scratch, size, piece)
      size += piece.length
    }
    await scratch.truncate(size)
    return scratch
  } catch (error) {
    await scratch.close()
    if (!(error instanceof SpindleError) || error.code !== 'no-space') throw error
    throw new SpindleError(
      'no-space',
      `${name} has to be unpacked to be read out of order, and there is not enough room for that in ${tmpdir()}. Nothing was changed. Make room there, or set TMPDIR to a folder that has more.`,
      { path: name, cause: error },
    )
  }
}

async function openUnnamed(): Promise<Storage> {
  const folder = await mkdtemp(join(tmpdir(), 'spindle-'))
  const path = join(folder, 'unpacked')
  const storage = await openFile(path, 'create')
  // Open files live on without a name, and cannot be left behind.
  await unlink(path)
  await rmdir(folder)
  return storage
}

async function writeSparse(storage: Storage, offset: number, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; done += ZEROS.length) {
    const part = piece.subarray(done, done + ZEROS.length)
    if (ZEROS.subarray(0, part.length).compare(part) !== 0) await storage.write(offset + done, part)
  }
}
