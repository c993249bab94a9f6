// Making a file as short as what it holds: the table and the last blocks move into room before them that nothing uses.

import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import { roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { findAllocated } from './allocated.ts'
import { tableSize } from './block-room.ts'
import { compact, unusedRoom, usedEnd } from './compact.ts'
import { headerWithTable, writeFooters } from './footer-change.ts'
import { ImageFile } from './image-file.ts'
import { SECTOR } from './layout.ts'
import type { FooterFields } from './layout.ts'
import { openHeaders } from './open.ts'

/** Keeps the first `entries` of the table. No blocks may lie over each other. Durable when this returns. */
export async function shorten(
  storage: Storage,
  footer: FooterFields,
  entries: number,
  pace: Pace | undefined,
): Promise<void> {
  await lowerTable(await fileOf(storage), entries)
  const lowered = await fileOf(storage)
  await compact(lowered, await findAllocated(lowered), pace)
  const compacted = await fileOf(storage)
  await writeFooters(storage, footer, usedEnd(compacted, await findAllocated(compacted)))
}

/** A table that had to go to the end of the file once would keep all of it from getting shorter. */
async function lowerTable(file: ImageFile, entries: number): Promise<void> {
  const { storage, blocks } = file
  const { tableOffset, headerOffset } = blocks
  const length = tableSize(entries)
  const gaps = unusedRoom(file, await findAllocated(file))
  const lower = gaps
    .map((gap) => ({ ...gap, start: roundUp(gap.start, SECTOR) }))
    .find(({ start, end }) => start + length <= end)
  const offset = Math.min(lower?.start ?? tableOffset, tableOffset)
  const table = new Uint8Array(length)
  await storage.read(tableOffset, table)
  if (offset !== tableOffset) await storage.write(offset, table)
  await storage.flush()
  await storage.write(headerOffset, headerWithTable(blocks, offset, entries))
  await storage.flush()
}

/** As it is now. */
async function fileOf(storage: Storage): Promise<ImageFile> {
  const opened = await openHeaders(storage)
  if (!opened.blocks) throw new SpindleError('internal', `${storage.name} has lost its blocks`)
  return new ImageFile(storage, opened, opened.blocks)
}
