// resize: a larger or smaller disk in the same image.

import { openDisk } from '../image/chain.ts'
import type { ImageDriver } from '../image/driver.ts'
import { pathOf } from '../image/gate.ts'
import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { JobResult, ResizeJob } from '../model/job.ts'
import { MiB, formatSize, roundUp } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { isZero } from '../transfer/zeros.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { changeInPlace } from './in-place.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { checkRoom } from './space.ts'

export async function resize(job: ResizeJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, virtualSize } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const before = await look(job, parts)
  const result = { kind: 'resize', path, sizeBefore: before.virtualSize, virtualSize, warnings: [] } as const
  if (virtualSize === before.virtualSize) return result
  if (virtualSize < before.virtualSize && !job.shrink)
    throw new SpindleError(
      'invalid-argument',
      `${path} would shrink from ${formatSize(before.virtualSize)} to ${formatSize(virtualSize)}, and all data beyond its new end would be lost. Nothing was changed. Allow it to shrink if that is meant.`,
      { path },
    )
  if (job.preallocation === 'falloc' || job.preallocation === 'full')
    await checkRoom(path, virtualSize - before.virtualSize)
  const keepUndo = job.keepUndo ?? false
  await changeInPlace({ path, format: before.format, keepUndo }, context, parts, async ({ storage, driver }) => {
    const resizing = new Resizing(job, before, { storage, driver, context, parts })
    await (virtualSize < before.virtualSize ? resizing.shrink() : resizing.grow())
  })
  const { dataFile } = before
  // Outside of the change, which could not have been put back with data gone; a longer file does no harm.
  if (dataFile !== undefined && !(keepUndo && virtualSize < before.virtualSize)) {
    await using data = await parts.openFile(dataFile, 'write')
    await data.truncate(virtualSize)
    await data.flush()
  }
  return result
}

interface Before {
  readonly format: string
  readonly virtualSize: number
  /** What the disk's last piece may hold more of than the disk. Bytes. */
  readonly clusterSize: number
  readonly dataFile: string | undefined
}

async function look(job: ResizeJob, parts: Parts): Promise<Before> {
  await using disk = await openSource(job.path, job.format, parts)
  const { clusterSize = 1, dataFile } = await disk.top.describe()
  return {
    format: disk.top.format,
    virtualSize: disk.size,
    clusterSize,
    dataFile: dataFile === undefined ? undefined : pathOf(dataFile, disk.top.storage),
  }
}

interface Tools {
  readonly storage: Storage
  readonly driver: ImageDriver
  readonly context: OperationContext
  readonly parts: Parts
}

class Resizing {
  readonly #job: ResizeJob
  readonly #before: Before
  readonly #tools: Tools

  constructor(job: ResizeJob, before: Before, tools: Tools) {
    this.#job = job
    this.#before = before
    this.#tools = tools
  }

  async shrink(): Promise<void> {
    const { virtualSize } = this.#job
    await this.#checkTables()
    await using disk = await this.#open()
    const end = Math.min(roundUp(virtualSize, this.#before.clusterSize), disk.size)
    // The cluster in which the disk ends stays: what is cut off inside of it must not come back when the disk grows.
    if (this.#before.dataFile === undefined) await clear(disk, virtualSize, end, ({ depth }) => depth === 0)
    await this.#resize(disk)
  }

  async grow(): Promise<void> {
    const { virtualSize: oldEnd, clusterSize } = this.#before
    {
      await using disk = await this.#open()
      await this.#resize(disk)
    }
    await using disk = await this.#open()
    const lastCluster = Math.min(roundUp(oldEnd, clusterSize), disk.size)
    await clear(disk, oldEnd, lastCluster, () => true)
    // What a longer backing file has there belongs to no disk so far, and not to this one either.
    const belowEnd = Math.min(disk.layers[1]?.virtualSize ?? 0, disk.size)
    await clear(disk, lastCluster, belowEnd, ({ depth }) => depth > 0)
    await disk.flush()
  }

  async #resize(disk: VirtualDisk): Promise<void> {
    const { virtualSize, preallocation } = this.#job
    const { resizer, unwritable, format, storage } = disk.top
    if (unwritable) throw SpindleError.fromData(unwritable)
    if (!resizer)
      throw new SpindleError(
        'unsupported',
        `${storage.name} is in ${format} format, whose size Spindle cannot change. Nothing was changed.`,
        { path: storage.name },
      )
    const pace = paceOf(this.#tools.context, 'copy', Math.abs(virtualSize - this.#before.virtualSize))
    await resizer.resize(virtualSize, preallocation, pace)
  }

  /** The end of the file is cut off by what the tables say, so they had better be right. */
  async #checkTables(): Promise<void> {
    const { storage, driver, context } = this.#tools
    const checker = await driver.checker?.(storage)
    const report = await checker?.check(paceOf(context, 'prepare', checker.virtualSize))
    if (!report || report.totals.corruptions + report.totals.checkErrors === 0) return
    throw new SpindleError(
      'invalid-image',
      `The tables of ${storage.name} are damaged, and what they do not tell of could be lost with the end of the disk. Nothing was changed. Repair it first.`,
      { path: storage.name },
    )
  }

  async #open(): Promise<VirtualDisk> {
    const { storage, driver, parts } = this.#tools
    return openDisk(storage, { ...parts, format: driver.format, access: 'write' })
  }
}

/** Makes data in the range read as zeros where `concerns` says so. */
async function clear(
  disk: VirtualDisk,
  start: number,
  end: number,
  concerns: (extent: DiskExtent) => boolean,
): Promise<void> {
  for (let position = start; position < end;) {
    const [extent] = await disk.map(position, Math.min(end - position, MiB))
    if (!extent) break
    const holdsData = (extent.kind === 'data' || extent.kind === 'packed') && concerns(extent)
    if (holdsData && !(await isAllZero(disk, extent))) await disk.zero(position, extent.length)
    position += extent.length
  }
}

async function isAllZero(disk: VirtualDisk, extent: DiskExtent): Promise<boolean> {
  const bytes = new Uint8Array(extent.length)
  await disk.readExtent(extent, bytes)
  return isZero(bytes)
}
