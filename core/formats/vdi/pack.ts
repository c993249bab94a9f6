// Closing the gaps in the file: the last blocks move into places that nothing uses any more, and the file ends behind the rest.

import { ClusterSet } from '../../image/cluster-set.ts'
import type { Pace } from '../../jobs/pace.ts'
import { MiB } from '../../model/units.ts'
import { mapPages } from './places.ts'
import { isPlace } from './vdi-file.ts'
import type { VdiFile } from './vdi-file.ts'

/**
 * Other programs know no gaps: they put the next block where the header’s count says. Every entry must lead to a place
 * of its own. Durable when this returns; until the map is written, all blocks are still where they were. `pace` is told
 * the bytes that move.
 */
export async function packBlocks(file: VdiFile, pace?: Pace): Promise<void> {
  const { storage, pages } = file
  const taken = new ClusterSet()
  let count = 0
  for await (const { page, first, end } of mapPages(file)) {
    for (let block = first; block < end; block += 1) {
      const place = file.entry(page, block)
      if (!isPlace(place)) continue
      taken.add(place)
      count += 1
    }
  }
  let gap = 0
  for await (const { page, first, end } of mapPages(file)) {
    for (let block = first; block < end; block += 1) {
      const place = file.entry(page, block)
      if (!isPlace(place) || place < count) continue
      while (taken.has(gap)) gap += 1
      await copyPlace(file, place, gap)
      await pace?.(file.header.block_size)
      file.setEntry(page, block, gap)
      gap += 1
    }
  }
  await storage.flush()
  await pages.writeBack()
  await storage.flush()
  await file.writeHeader({ blocks_allocated: count })
  await storage.flush()
  const end = file.header.offset_data + count * file.placeSize
  if (end < file.size) await storage.truncate(end)
  file.size = Math.min(file.size, end)
  await storage.flush()
}

/** With what stands in front of the block. Durable only after a flush. */
export async function copyPlace(file: VdiFile, from: number, to: number): Promise<void> {
  const { storage, placeSize } = file
  const start = file.header.offset_data
  for (let done = 0; done < placeSize; done += MiB) {
    const bytes = new Uint8Array(Math.min(MiB, placeSize - done))
    const length = await storage.read(start + from * placeSize + done, bytes)
    // The last block of a file may be cut short, and reads as zeros from there on.
    bytes.fill(0, length)
    await storage.write(start + to * placeSize + done, bytes)
  }
  file.size = Math.max(file.size, start + (to + 1) * placeSize)
}
