// Moving blocks from the end of a file into room that nothing uses, so that the file can end earlier.

import type { Pace } from '../../jobs/pace.ts'
import { MiB, roundUp } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Allocated } from './allocated.ts'
import { tableSize } from './block-room.ts'
import type { ImageFile } from './image-file.ts'
import { SECTOR } from './layout.ts'

/** A stretch of the file, in bytes. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** What nothing uses of the file before its footer, in order. */
export function unusedRoom(file: ImageFile, allocated: Allocated): readonly Stretch[] {
  const unused: Stretch[] = []
  let position = 0
  for (const { start, end } of [...usedRoom(file, allocated), { start: file.end, end: file.end }]) {
    if (start > position) unused.push({ start: position, end: start })
    position = Math.max(position, end)
  }
  return unused
}

/** Where what is used from `offset` on begins; the footer at the latest. */
export function nextUsed(file: ImageFile, allocated: Allocated, offset: number): number {
  return usedRoom(file, allocated).find(({ start }) => start >= offset)?.start ?? file.end
}

/** Where the last of what is used ends, in whole sectors. */
export function usedEnd(file: ImageFile, allocated: Allocated): number {
  return roundUp(
    usedRoom(file, allocated).reduce((end, one) => Math.max(end, one.end), 0),
    SECTOR,
  )
}

/** Headers, table, names of the parent and blocks, by where they start. */
function usedRoom(file: ImageFile, { starts }: Allocated): readonly Stretch[] {
  const { headerOffset, headerBytes, tableOffset, tableEntries, locators, bitmapSize, blockSize } = file.blocks
  const used = [
    { start: 0, end: SECTOR },
    { start: headerOffset, end: headerOffset + headerBytes.length },
    { start: tableOffset, end: tableOffset + tableSize(tableEntries) },
    ...locators.map(({ offset, length }) => ({ start: offset, end: roundUp(offset + length, SECTOR) })),
    ...Array.from(starts, (start) => ({ start, end: start + bitmapSize + blockSize })),
  ]
  return used.toSorted((a, b) => a.start - b.start)
}

/**
 * Moves the last blocks into gaps before them for as long as there are any, each one durable in its new place before the
 * table leads there. Returns how many. The file is not cut.
 */
export async function compact(file: ImageFile, allocated: Allocated, pace?: Pace): Promise<number> {
  const { bitmapSize, blockSize } = file.blocks
  const room = bitmapSize + blockSize
  const starts = Float64Array.from(allocated.starts)
  // No more than there are blocks, however large the gaps.
  const targets = unusedRoom(file, allocated).flatMap(({ start, end }) => {
    const first = roundUp(start, SECTOR)
    const count = Math.min(starts.length, Math.max(0, Math.floor((end - first) / room)))
    return Array.from({ length: count }, (_, index) => first + index * room)
  })
  let moved = 0
  for (let last = starts.length - 1; last >= 0; last -= 1) {
    const target = targets[moved]
    const from = starts[last] ?? 0
    if (target === undefined || target > from) break
    await moveBlock(file, allocated.blocks[last] ?? 0, from, target)
    await pace?.(0)
    moved += 1
  }
  return moved
}

/** Gives a block a place of its own at `target`, with the same content. */
export async function moveBlock(file: ImageFile, block: number, from: number, target: number): Promise<void> {
  const { storage, blocks } = file
  const length = blocks.bitmapSize + blocks.blockSize
  const buffer = new Uint8Array(Math.min(MiB, length))
  for (let done = 0; done < length; done += buffer.length) {
    const part = buffer.subarray(0, length - done)
    await readPadded(storage, from + done, part)
    await storage.write(target + done, part)
  }
  await storage.flush()
  await file.setEntry(block, target / SECTOR)
  await file.writeBack()
  await storage.flush()
}
