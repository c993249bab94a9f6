// From a part of a disk to the descriptor that leads: by their names, and by what the descriptor says.

import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { looksLikeDescriptor } from './descriptor.ts'

const PART = /^(.+)-(?:flat|delta|sesparse|[sf]\d{3,4})\.vmdk$/i

/** Names beside it under which the descriptor of such a file would be. */
export function leadersOf(fileName: string): readonly string[] {
  const [, base] = PART.exec(fileName) ?? []
  return base === undefined ? [] : [`${base}.vmdk`, base]
}

/** Whether the file is a descriptor that names `fileName` as a part of its disk. */
export async function leads(storage: Storage, fileName: string): Promise<boolean> {
  const head = new Uint8Array(1024)
  const count = await storage.read(0, head)
  if (!looksLikeDescriptor(head.subarray(0, count))) return false
  const { readDescriptor } = await import('./open.ts')
  try {
    const { extents } = await readDescriptor(storage)
    return extents.some(({ name }) => name === fileName)
  } catch (error) {
    // A descriptor that cannot be read leads nowhere.
    if (error instanceof SpindleError) return false
    throw error
  }
}
