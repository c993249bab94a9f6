// resize: a larger or smaller disk in the same image.

import { openDisk } from '../image/chain.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { MovableGpt } from '../contents/move-gpt.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { JobResult, ResizeJob } from '../model/job.ts'
import { formatSize } from '../model/units.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { changeInPlace } from './in-place.ts'
import type { OpenInPlace } from './in-place.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { resizeImage } from './resize-image.ts'
import { gptToMove, moveGpt } from './resize-gpt.ts'
import { checkRoom } from './space.ts'

export async function resize(job: ResizeJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, virtualSize, preallocation, keepUndo = false } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const before = await look(job, parts)
  const result = { kind: 'resize', path, sizeBefore: before.virtualSize, virtualSize, warnings: [] } as const
  const shrinks = virtualSize < before.virtualSize
  if (virtualSize === before.virtualSize) return result
  if (shrinks && !job.shrink)
    throw new SpindleError(
      'invalid-argument',
      `${path} would shrink from ${formatSize(before.virtualSize)} to ${formatSize(virtualSize)}, and all data beyond its new end would be lost. Nothing was changed. Allow it to shrink if that is meant.`,
      { path },
    )
  if (shrinks && keepUndo && (before.format === 'raw' || before.format === 'luks'))
    throw new SpindleError(
      'unsupported',
      `${path} is a disk without tables, of which nothing is left beyond its end: making it smaller cannot be taken back. Nothing was changed. Do without the undo file, or copy the disk first.`,
      { path },
    )
  const isReserved = preallocation === 'falloc' || preallocation === 'full'
  if (isReserved) await checkRoom(path, virtualSize - before.virtualSize)
  await changeInPlace({ path, format: before.format, keepUndo }, context, parts, async (image) => {
    if (shrinks) await checkTables(image, context)
    const open = (): Promise<VirtualDisk> =>
      openDisk(image.storage, { ...parts, gate: image.gate, format: before.format, access: 'write' })
    const pace = paceOf(context, 'copy', Math.abs(virtualSize - before.virtualSize))
    await resizeImage({ virtualSize, preallocation, open, pace })
    if (before.dataFile !== undefined) await resizeDataFile(image, before.dataFile, virtualSize)
    if (!before.gpt) return
    await using disk = await open()
    await moveGpt(disk, before.gpt)
  })
  return result
}

interface Before {
  readonly format: string
  readonly virtualSize: number
  readonly dataFile: string | undefined
  /** Where it is to be moved. */
  readonly gpt: MovableGpt | undefined
}

async function look(job: ResizeJob, parts: Parts): Promise<Before> {
  await using disk = await openSource(job.path, job.format, parts)
  const { dataFile } = await disk.top.describe()
  return {
    format: disk.top.format,
    virtualSize: disk.size,
    dataFile,
    gpt: job.moveGpt === true && job.virtualSize !== disk.size ? await gptToMove(disk, job.virtualSize) : undefined,
  }
}

async function resizeDataFile({ storage, gate }: OpenInPlace, name: string, virtualSize: number): Promise<void> {
  await using data = await gate.open(name, storage, 'write')
  await data.truncate(virtualSize)
}

/** The end of the file is cut off by what the tables say, so they had better be right. */
async function checkTables({ storage, driver, gate }: OpenInPlace, context: OperationContext): Promise<void> {
  const checker = await driver.checker?.(storage, gate)
  const report = await checker?.check(paceOf(context, 'prepare', checker.virtualSize))
  if (!report || report.totals.corruptions + report.totals.checkErrors === 0) return
  throw new SpindleError(
    'invalid-image',
    `The tables of ${storage.name} are damaged, and what they do not tell of could be lost with the end of the disk. Nothing was changed. Repair it first.`,
    { path: storage.name },
  )
}
