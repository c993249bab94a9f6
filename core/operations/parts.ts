// What operations work with, and opening an image with it.

import { openDisk } from '../image/chain.ts'
import type { ImageDriver, OpenGate } from '../image/driver.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import { openFile } from '../storage/file.ts'

export interface Parts {
  readonly drivers: readonly ImageDriver[]
  readonly gate: OpenGate
}

/** Opens an image and its chain for reading. Throws also where it opens but its content cannot be read. */
export async function openSource(path: string, format: string | undefined, parts: Parts): Promise<VirtualDisk> {
  const how = { ...parts, access: 'read', ...(format !== undefined && { format }) } as const
  const disk = await openDisk(await openFile(path, 'read'), how)
  const broken = disk.layers.find((layer) => layer.unreadable)?.unreadable
  if (!broken) return disk
  await disk.close()
  throw SpindleError.fromData(broken)
}
