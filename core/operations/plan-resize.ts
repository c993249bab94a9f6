// What a resize would mean for the data of a disk, told before it is done.

import { MovableGpt } from '../contents/move-gpt.ts'
import { readContents } from '../contents/read-contents.ts'
import type { ResizeJob } from '../model/job.ts'
import type { ResizePlan } from '../model/plan.ts'
import { roundDown, roundUp } from '../model/units.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { isZero } from '../transfer/zeros.ts'
import { turnsOf } from './cancel.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

/** Plain files give out room in pages. */
const LEAST_BLOCK = 4096

export async function planResize(job: ResizeJob, parts: Parts): Promise<ResizePlan> {
  await using disk = await openSource(job.path, job.format, parts)
  const pace = turnsOf()
  const contents = await readContents(disk, async () => pace(0))
  const harmless = await harmlessRanges(disk, job)
  let dataEnd = 0
  let lostBytes = 0
  let position = 0
  for await (const extents of disk.extents()) {
    await pace(0)
    for (const { kind, length } of extents) {
      position += length
      if (kind !== 'data' && kind !== 'packed') continue
      dataEnd = position
      const cut: Range = [Math.max(position - length, job.virtualSize), position]
      lostBytes += shared(cut, cut) - harmless.reduce((sum, range) => sum + shared(cut, range), 0)
    }
  }
  return {
    format: disk.top.format,
    virtualSize: disk.size,
    dataEnd,
    lostBytes,
    ...(contents.smallestSize !== undefined && { smallestSize: contents.smallestSize }),
    cutPartitions: contents.partitions
      .filter(({ offset, length }) => offset + length > job.virtualSize)
      .map(({ index }) => index),
    hasGpt: contents.gpt !== undefined && (contents.gpt.primary === 'good' || contents.gpt.backup !== 'damaged'),
    // Nothing is left of a raw disk beyond its end.
    undoable: job.virtualSize >= disk.size || disk.top.format !== 'raw',
    command: [
      'spindle',
      'resize',
      '-f',
      disk.top.format,
      ...(job.virtualSize < disk.size ? ['--shrink'] : []),
      ...(job.preallocation === 'off' ? [] : [`--preallocation=${job.preallocation}`]),
      ...(job.moveGpt === true ? ['--move-gpt'] : []),
      ...(job.keepUndo === true ? ['--keep-undo'] : []),
      job.path,
      String(job.virtualSize),
    ],
  }
}

/** From the first byte up to, not including, the second. */
type Range = readonly [number, number]

function shared([start, end]: Range, [from, to]: Range): number {
  return Math.max(0, Math.min(end, to) - Math.max(start, from))
}

/**
 * What may be cut off although its blocks hold data: the copy of a GPT that is to be moved, and the zeros of the blocks
 * in which it begins and the disk is to end. In order, and apart from each other.
 */
async function harmlessRanges(
  disk: VirtualDisk,
  { virtualSize, moveGpt = false }: ResizeJob,
): Promise<readonly Range[]> {
  const block = Math.max(LEAST_BLOCK, disk.top.blockSize)
  const edge = Math.min(roundUp(virtualSize, block), disk.size)
  const atEnd: readonly Range[] = (await isAllZero(disk, virtualSize, edge)) ? [[virtualSize, edge]] : []
  const old = moveGpt ? (await MovableGpt.read(disk))?.oldCopy : undefined
  if (!old) return atEnd
  const start = Math.max(roundDown(old.offset, block), Math.min(edge, old.offset))
  return [...atEnd, [(await isAllZero(disk, start, old.offset)) ? start : old.offset, old.offset + old.length]]
}

async function isAllZero(disk: VirtualDisk, start: number, end: number): Promise<boolean> {
  if (start >= end) return true
  const bytes = new Uint8Array(end - start)
  await disk.read(start, bytes)
  return isZero(bytes)
}
