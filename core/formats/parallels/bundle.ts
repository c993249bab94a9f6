// Whether an image is a whole disk, or one of several files that make one up together.

import type { OpenGate } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'

/** Parallels Desktop keeps it in the folder of every disk. */
const DESCRIPTOR = 'DiskDescriptor.xml'

/** A disk with snapshots or in pieces is more than this file, and what is not in it would read as zeros. */
export async function partOfMore(storage: Storage, gate: OpenGate): Promise<SpindleError | undefined> {
  const files = (await readDescriptor(storage, gate)).match(/<Image>/g)?.length ?? 0
  if (files < 2) return undefined
  return new SpindleError(
    'unsupported',
    `${storage.name} is one of ${files} files of a Parallels disk with snapshots or in pieces, which Spindle cannot put together. Nothing was changed. Delete the snapshots in Parallels, or make the disk one piece there, and try again.`,
    { path: storage.name },
  )
}

async function readDescriptor(storage: Storage, gate: OpenGate): Promise<string> {
  try {
    await using file = await gate.open(DESCRIPTOR, storage, 'read')
    const bytes = new Uint8Array(Math.min(await file.size(), MiB))
    await file.read(0, bytes)
    return new TextDecoder().decode(bytes)
  } catch (error) {
    // Most images lie somewhere by themselves.
    if (error instanceof SpindleError && error.code === 'missing-file') return ''
    throw error
  }
}
