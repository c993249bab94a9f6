// A disk of no size, to compare others with: all they hold is what differs.

import { driverOf } from '../image/detect.ts'
import { VirtualDisk } from '../image/virtual-disk.ts'
import { MemoryStorage } from '../storage/memory.ts'
import type { Parts } from './parts.ts'

export async function emptyDisk(parts: Parts): Promise<VirtualDisk> {
  const storage = new MemoryStorage('nothing', new Uint8Array(0), false)
  return new VirtualDisk([await driverOf(parts.drivers, 'raw').open(storage, parts.gate, 'read')])
}
