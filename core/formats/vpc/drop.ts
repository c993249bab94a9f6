// Taking the blocks away from the end of a disk, or from all of it.

import type { Pace } from '../../jobs/pace.ts'
import { entryIn, isAllocated } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { UNALLOCATED } from './layout.ts'

/** From block `first` on there are none. Durable when this returns. */
export async function dropBlocks(file: ImageFile, first: number, pace: Pace | undefined): Promise<void> {
  const { tableEntries } = file.blocks
  for (let block = first; block < tableEntries;) {
    const page = await file.page(block)
    for (; block < page.end; block += 1) if (isAllocated(entryIn(page, block))) await file.setEntry(block, UNALLOCATED)
    await pace?.(0)
  }
  await file.writeBack()
  await file.storage.flush()
}
