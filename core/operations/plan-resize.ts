// What a resize would mean for the data of a disk, told before it is done.

import type { ResizeJob } from '../model/job.ts'
import type { ResizePlan } from '../model/plan.ts'
import { turnsOf } from './cancel.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

export async function planResize(job: ResizeJob, parts: Parts): Promise<ResizePlan> {
  await using disk = await openSource(job.path, job.format, parts)
  const pace = turnsOf()
  let dataEnd = 0
  let lostBytes = 0
  let position = 0
  for await (const extents of disk.extents()) {
    await pace(0)
    for (const { kind, length } of extents) {
      position += length
      if (kind !== 'data' && kind !== 'packed') continue
      dataEnd = position
      lostBytes += Math.max(0, Math.min(length, position - job.virtualSize))
    }
  }
  return {
    format: disk.top.format,
    virtualSize: disk.size,
    dataEnd,
    lostBytes,
    // Nothing is left of a raw disk beyond its end.
    undoable: job.virtualSize >= disk.size || disk.top.format !== 'raw',
    command: [
      'spindle',
      'resize',
      '-f',
      disk.top.format,
      ...(job.virtualSize < disk.size ? ['--shrink'] : []),
      ...(job.preallocation === 'off' ? [] : [`--preallocation=${job.preallocation}`]),
      ...(job.keepUndo === true ? ['--keep-undo'] : []),
      job.path,
      String(job.virtualSize),
    ],
  }
}
