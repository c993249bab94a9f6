// Conversions that do not make a whole new image: into one that is there, or into an overlay on top of another.

import { stat } from 'node:fs/promises'
import { openDisk } from '../image/chain.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, attempting } from '../model/error.ts'
import type { ConvertJob, JobResult } from '../model/job.ts'
import { compareDisks, planComparison } from '../transfer/compare.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { systemError } from '../storage/system-error.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { lossesOf, openConvertSource } from './convert-source.ts'
import { copyDifferences } from './copy-differences.ts'
import { emptyDisk } from './empty-disk.ts'
import { changeInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'
import type { Target } from './target.ts'

/**
 * Overwrites the disk in `target`, whose size and options stay; what it has beyond the source is left alone. A file
 * holds either what it held or all of the source when this is cut off; a device may hold a part.
 */
export async function convertInto(job: ConvertJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { target: path, format } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  await using source = await openConvertSource(job, parts)
  const write = async (disk: VirtualDisk): Promise<void> => {
    if (disk.size < source.size) throw tooSmall(path, disk.size, source.size)
    const before = job.targetIsZero === true ? await emptyDisk(parts) : disk
    await copyDifferences(source, before, disk, await tools(source, before, context, parts))
    if (job.verify) await verifyInto(source, disk, context, parts)
  }
  if (await isDevice(path)) {
    await using disk = await openDisk(await parts.openFile(path, 'write'), { ...parts, format, access: 'write' })
    await write(disk)
  } else {
    await changeInPlace({ path, format, keepUndo: false }, context, parts, async ({ storage, driver, gate }) => {
      await using disk = await openDisk(storage, { ...parts, gate, format: driver.format, access: 'write' })
      await write(disk)
    })
  }
  const lost = lossesOf(source)
  const storage = await parts.look(path, 'read')
  await using _ = storage
  return {
    kind: 'convert',
    path,
    allocatedSize: await storage.allocatedSize(),
    verified: job.verify,
    ...(lost.bytes > 0 && { lostBytes: lost.bytes }),
    warnings: lost.warnings,
  }
}

/** Fills the new, empty overlay in `target` with what differs from the image it lies on. */
export async function fillOverlay(
  source: VirtualDisk,
  target: Target,
  job: ConvertJob,
  { context, parts }: { readonly context: OperationContext; readonly parts: Parts },
): Promise<void> {
  const how = { ...parts, gate: target.gate, format: job.format, access: 'write' } as const
  await using disk = await openDisk(await target.reopen('write'), how)
  await using below = await openOverlaid(job, parts)
  await copyDifferences(source, below, disk, await tools(source, below, context, parts))
}

/** The image that the new one is to lie on. */
async function openOverlaid({ target, backing }: ConvertJob, parts: Parts): Promise<VirtualDisk> {
  if (!backing) throw new SpindleError('internal', 'an overlay on nothing')
  const storage = await parts.gate.open(backing.path, new MemoryStorage(target), 'read')
  return openDisk(storage, { ...parts, access: 'read', format: backing.format })
}

async function isDevice(path: string): Promise<boolean> {
  return attempting('open', async () => {
    try {
      return (await stat(path)).isBlockDevice()
    } catch (error) {
      throw systemError(error, 'open for writing', path)
    }
  })
}

async function tools(source: VirtualDisk, before: VirtualDisk, context: OperationContext, parts: Parts) {
  const total = await planComparison(source, before, paceOf(context, 'copy', 0))
  const pace = paceOf(context, 'copy', total)
  return { signal: context.signal, pace, ...(parts.pool && { pool: parts.pool }) }
}

async function verifyInto(
  source: VirtualDisk,
  disk: VirtualDisk,
  { signal }: OperationContext,
  parts: Parts,
): Promise<void> {
  const { firstDifference = Infinity } = await compareDisks(source, disk, {
    signal,
    ...(parts.pool && { pool: parts.pool }),
  })
  if (firstDifference >= source.size) return
  throw new SpindleError(
    'differs',
    `What was written was read back and differs from the source at byte ${firstDifference}. The source is unchanged. Either it was being written meanwhile, or the memory or a disk of this machine is faulty.`,
    { path: disk.top.storage.name, offset: firstDifference },
  )
}

function tooSmall(path: string, size: number, needed: number): SpindleError {
  return new SpindleError(
    'invalid-argument',
    `${path} is a disk of ${size} bytes, and the source has ${needed}. Nothing was changed. Resize it first, or choose another target.`,
    { path },
  )
}
