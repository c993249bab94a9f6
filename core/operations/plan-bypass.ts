// What taking an image out of its chain would write and free, told before it is done.

import type { BypassJob } from '../model/job.ts'
import type { BypassPlan } from '../model/plan.ts'
import { around } from './bypass.ts'
import { turnsOf } from './cancel.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { freeFor } from './space.ts'

export async function planBypass(job: BypassJob, parts: Parts): Promise<BypassPlan> {
  const { layer, base, children } = await around(job, parts)
  const taken = []
  for (const { path, format, details } of children) {
    const bytes = await bytesFrom(path, format, base === undefined ? Infinity : 1, parts)
    const snapshots = (details.snapshots ?? []).map(({ name }) => name)
    taken.push({ path, bytes, snapshots, free: await freeFor(path) })
  }
  return {
    ...(base && { base: base.path }),
    children: taken,
    frees: layer.allocatedSize,
    command: ['spindle', 'bypass', '-f', layer.format, layer.path],
  }
}

/** Bytes of data that the disk reads from below, down to this depth. */
async function bytesFrom(path: string, format: string, depth: number, parts: Parts): Promise<number> {
  const pace = turnsOf()
  await using disk = await openSource(path, format, parts)
  let bytes = 0
  for await (const extents of disk.extents()) {
    await pace(0)
    for (const extent of extents) {
      const isData = extent.kind === 'data' || extent.kind === 'packed'
      if (isData && extent.depth > 0 && extent.depth <= depth) bytes += extent.length
    }
  }
  return bytes
}
