// The flags of L1 and L2 entries put right, where nothing but the table itself would change.

import { clustersFor } from '../geometry.ts'
import { L1_ENTRY_SIZE } from '../layout.ts'
import type { Examination } from './examination.ts'
import { findWrongFlags } from './flags.ts'
import type { IsOnce, WrongFlags } from './flags.ts'

const COPIED = 0x8000_0000
const SECTOR = 512

/** Returns how many flags were changed. Flushes. */
export async function writeFlags(examination: Examination, isOnce: IsOnce): Promise<number> {
  const { storage, geometry } = examination.image
  let changed = 0
  for await (const wrong of findWrongFlags(examination, isOnce)) {
    if (!isAlone(wrong, examination)) continue
    const { kind, offset, indexes, view } = wrong
    const entrySize = kind === 'l1' ? L1_ENTRY_SIZE : geometry.entrySize
    for (const index of indexes) view.setUint32(index * entrySize, (view.getUint32(index * entrySize) ^ COPIED) >>> 0)
    const from = Math.floor(((indexes[0] ?? 0) * entrySize) / SECTOR) * SECTOR
    const to = Math.min(Math.ceil((((indexes.at(-1) ?? 0) + 1) * entrySize) / SECTOR) * SECTOR, view.byteLength)
    await storage.write(offset + from, new Uint8Array(view.buffer, view.byteOffset + from, to - from))
    changed += indexes.length
  }
  if (changed > 0) await storage.flush()
  return changed
}

/** Where the guest's data, or another table, is in the same place, the change would be theirs as well. */
function isAlone({ kind, offset, all, view }: WrongFlags, { image, counts }: Examination): boolean {
  const { clusterSize } = image.geometry
  if (offset % clusterSize !== 0 || offset + view.byteLength > image.fileClusters * clusterSize) return false
  const first = offset / clusterSize
  const users = kind === 'l1' ? 1 : all
  return Array.from({ length: clustersFor(view.byteLength, image.geometry) }).every(
    (_, index) => counts.get(first + index) === users,
  )
}
