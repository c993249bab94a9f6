// convert: the disk of one image, its whole chain included, in a new image of any format.

import { basename } from 'node:path'
import type { CreateSpec, ImageDriver } from '../image/driver.ts'
import { completeOptions } from '../image/options.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { Details } from '../model/image.ts'
import type { ConvertJob, JobResult } from '../model/job.ts'
import { compareDisks, planComparison } from '../transfer/compare.ts'
import { transfer } from '../transfer/transfer.ts'
import { paceOf, throwIfCancelled, untilCancelled } from './cancel.ts'
import { checkKeepsBitmaps, copyBitmaps, planBitmaps } from './convert-bitmaps.ts'
import type { BitmapCopy } from './convert-bitmaps.ts'
import { asksForGzip } from './packed-target.ts'
import { losesEncryption } from './lost-encryption.ts'
import { lossesOf, openConvertSource } from './convert-source.ts'
import { bytesToCompare, checkKeepsSnapshots, copies, copySnapshots, keptSnapshots } from './convert-snapshots.ts'
import type { SnapshotCopy } from './convert-snapshots.ts'
import { checkFits, presetSize } from './fit-preset.ts'
import { creatingDriver, diskSize } from './new-image.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { checkCopyFits } from './room.ts'
import { Steady } from './steady.ts'
import { describeLayers, filesOf, survey } from './survey.ts'
import { suspectOf, suspicion } from './suspicion.ts'
import { Target } from './target.ts'

export async function convert(job: ConvertJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  if (job.into === true) return (await import('./convert-into.ts')).convertInto(job, context, parts)
  const { signal, progress, pointOfNoReturn } = context
  throwIfCancelled(signal)
  progress({ phase: 'prepare', done: 0, total: 0 })
  const driver = convertingDriver(job, parts)
  const options = completeOptions(driver.options, job.options)
  const compress = job.compress || driver.packs?.(options) === true
  await using source = await openConvertSource(job, parts)
  const suspect = await suspectOf(source.top, job.sourceFormat, parts)
  const details = await describeLayers(source)
  const { format } = source.top
  const bitmaps = await planBitmaps(job, format, parts)
  const copy: SnapshotCopy = { job, parts, source, snapshots: keptSnapshots(job, details) }
  const [oldest] = copy.snapshots
  await using frozen = oldest && (await openSource(job.source, format, parts, { id: oldest.id }))
  // What is copied first, and in the fastest way.
  const first = frozen ?? source
  const steady = await Steady.of(source)
  await using target = await Target.start({
    path: job.target,
    overwrite: job.overwrite ?? false,
    parts,
    untouchable: filesOf(source, details),
    relaxed: job.durable === false,
  })

  const virtualSize = presetSize(job.preset, newSize(job, diskSize(first.size)))
  const spec: CreateSpec = { virtualSize, options, compress, fileName: basename(job.target) }
  checkKeepsBitmaps(job, driver, spec)
  const preparing = paceOf(context, 'prepare', spec.virtualSize)
  const found = await survey(first, preparing)
  await checkCopyFits(job.target, { driver, spec }, { disk: first, survey: found }, preparing)
  if (asksForGzip(job)) {
    const { writeGzip } = await import('./convert-gzip.ts')
    await writeGzip(first, virtualSize, target, paceOf(context, 'copy', virtualSize, job.rateLimit))
  } else if (job.backing) {
    const { fillOverlay } = await import('./convert-into.ts')
    const overlay = { ...spec, backing: job.backing, pace: preparing }
    const builder = await driver.build(target.storage, overlay, target.gate)
    await builder.finish()
    await fillOverlay(first, target, job, { context, parts })
  } else {
    const builder = await driver.build(target.storage, { ...spec, pace: preparing }, target.gate)
    const total = found.dataBytes + found.packedBytes + (await bytesToCompare(copy, preparing))
    const pace = paceOf(context, 'copy', total, job.rateLimit)
    await transfer(first, builder, {
      compress,
      totals: found,
      pace,
      signal,
      ...(parts.pool && { pool: parts.pool }),
    })
    progress({ phase: 'finish', done: total, total })
    await untilCancelled(async () => builder.finish(), signal)
    await copySnapshots(copy, target, { pace, signal })
    await copyBitmaps(bitmaps, target, { job, format, parts, signal })
  }
  await steady.check()
  await untilCancelled(async () => target.flush(), signal)
  await checkFits(job.preset, { target, driver, virtualSize })
  if (job.verify) await verify(copy, target, context)

  const allocatedSize = await target.allocatedSize()
  throwIfCancelled(signal)
  pointOfNoReturn()
  await target.publish()
  const lost = lossesOf(source)
  const warnings = [
    ...lost.warnings,
    ...(suspect ? [suspicion(job.source, suspect)] : []),
    ...losses(job, details, bitmaps),
  ]
  return {
    kind: 'convert',
    path: job.target,
    allocatedSize,
    verified: job.verify,
    ...(lost.bytes > 0 && { lostBytes: lost.bytes }),
    warnings,
  }
}

/** Throws where the request makes no sense, before any file is opened. */
export function convertingDriver(job: ConvertJob, parts: Parts): ImageDriver {
  const { format, compress } = job
  const driver = creatingDriver(format, parts)
  if (job.keepSnapshots === true) checkKeepsSnapshots(job, driver)
  if (job.backing) checkOverlay(job, driver)
  if (job.salvage === true && job.keepSnapshots === true) {
    refuse('What is saved from a damaged image is its disk alone: leave its snapshots out, or copy each by itself.')
  }
  if (!compress || driver.capabilities.compress || asksForGzip(job)) return driver
  throw new SpindleError(
    'invalid-argument',
    `Images in ${driver.title} format cannot be compressed. Nothing was changed. Leave compression out, or choose a format that has it${
      format === 'raw' ? ', or a name that ends in .gz to have the whole file packed' : ''
    }.`,
  )
}

/** Bytes of the new disk. Throws `invalid-argument` where the one asked for has no room for all of the source. */
export function newSize({ source, virtualSize }: ConvertJob, size: number): number {
  const asked = diskSize(virtualSize ?? size)
  if (asked >= size) return asked
  return refuse(`${source} is a disk of ${size} bytes, which does not fit into one of ${asked}.`)
}

function checkOverlay({ compress, keepSnapshots, keepBitmaps }: ConvertJob, driver: ImageDriver): void {
  const { capabilities, title } = driver
  if (!capabilities.backing) refuse(`An image in ${title} format cannot lie on top of another.`)
  if (compress) refuse('An image on top of another cannot be compressed on the way.')
  if (keepSnapshots === true || keepBitmaps === true)
    refuse('Snapshots and bitmaps come along only into an image that stands alone.')
}

function refuse(message: string): never {
  throw new SpindleError('invalid-argument', `${message} Nothing was changed.`)
}

/** Reads both back and compares. Throws `differs`; the new image is thrown away then. */
async function verify(copy: SnapshotCopy, target: Target, context: OperationContext): Promise<void> {
  const { job, parts } = copy
  const { signal } = context
  let total = 0
  for await (const [original, copied] of copies(copy, target))
    total += await planComparison(original, copied, paceOf(context, 'verify', 0))
  const pace = paceOf(context, 'verify', total)
  const options = { signal, pace, ...(parts.pool && { pool: parts.pool }) }
  for await (const [original, copied] of copies(copy, target)) {
    const { identical, firstDifference } = await compareDisks(original, copied, options)
    if (identical) continue
    throw new SpindleError(
      'differs',
      `The copy of ${job.source} was read back and differs from it at byte ${firstDifference ?? 0}, so it was deleted. The source is unchanged. Either it was being written meanwhile, or the memory or a disk of this machine is faulty.`,
      { path: job.source, offset: firstDifference },
    )
  }
}

/** What the new image lacks, in sentences. */
function losses(job: ConvertJob, details: readonly Details[], { broken }: BitmapCopy): readonly string[] {
  const [top] = details
  const { source, keepSnapshots, keepBitmaps } = job
  const count = (items: readonly unknown[] | undefined, what: string): readonly string[] =>
    items && items.length > 0
      ? [
          `${items.length} ${what}${items.length > 1 ? 's' : ''} of ${source} did not come along; the source still has ${items.length > 1 ? 'them' : 'it'}.`,
        ]
      : []
  return [
    ...count(keepSnapshots === true ? [] : top?.snapshots, 'snapshot'),
    ...count(keepBitmaps === true ? broken : top?.bitmaps, 'bitmap'),
    ...(losesEncryption(job, details)
      ? [`${source} is encrypted and its copy is not: whoever has ${job.target} can read it.`]
      : []),
  ]
}
