// convert: the disk of one image, its whole chain included, in a new image of any format.

import { openDisk } from '../image/chain.ts'
import type { CreateSpec, ImageDriver } from '../image/driver.ts'
import { completeOptions } from '../image/options.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { Details } from '../model/image.ts'
import type { ConvertJob, JobResult } from '../model/job.ts'
import { compareDisks, planComparison } from '../transfer/compare.ts'
import { transfer } from '../transfer/transfer.ts'
import { paceOf, throwIfCancelled, untilCancelled } from './cancel.ts'
import { creatingDriver, diskSize } from './new-image.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { checkCopyFits } from './room.ts'
import { describeLayers, filesOf, survey } from './survey.ts'
import { Target } from './target.ts'

export async function convert(job: ConvertJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { signal, progress, pointOfNoReturn } = context
  throwIfCancelled(signal)
  progress({ phase: 'prepare', done: 0, total: 0 })
  const driver = convertingDriver(job, parts)
  const options = completeOptions(driver.options, job.options)
  await using source = await openSource(job.source, job.sourceFormat, parts)
  const details = await describeLayers(source)
  await using target = await Target.start({
    path: job.target,
    overwrite: job.overwrite ?? false,
    parts,
    untouchable: filesOf(source, details),
  })

  const spec: CreateSpec = { virtualSize: diskSize(source.size), options, compress: job.compress }
  const preparing = paceOf(context, 'prepare', spec.virtualSize)
  const found = await survey(source, preparing)
  await checkCopyFits(job.target, { driver, spec }, { disk: source, survey: found }, preparing)
  const builder = await driver.build(target.storage, { ...spec, pace: preparing }, target.gate)

  const total = found.dataBytes + found.packedBytes
  const pace = paceOf(context, 'copy', total)
  await transfer(source, builder, {
    compress: job.compress,
    totals: found,
    pace,
    signal,
    ...(parts.pool && { pool: parts.pool }),
  })
  progress({ phase: 'finish', done: total, total })
  await untilCancelled(async () => builder.finish(), signal)
  await untilCancelled(async () => target.flush(), signal)
  if (job.verify) await verify(job, source, target, context, parts)

  const allocatedSize = await target.allocatedSize()
  throwIfCancelled(signal)
  pointOfNoReturn()
  await target.publish()
  return { kind: 'convert', path: job.target, allocatedSize, verified: job.verify, warnings: losses(job, details) }
}

/** Throws where the request makes no sense, before any file is opened. */
export function convertingDriver({ format, compress }: ConvertJob, parts: Parts): ImageDriver {
  const driver = creatingDriver(format, parts)
  if (!compress || driver.capabilities.compress) return driver
  throw new SpindleError(
    'invalid-argument',
    `Images in ${driver.title} format cannot be compressed. Nothing was changed. Leave compression out, or choose a format that has it.`,
  )
}

/** Reads both back and compares. Throws `differs`; the new image is thrown away then. */
async function verify(
  job: ConvertJob,
  source: VirtualDisk,
  target: Target,
  context: OperationContext,
  parts: Parts,
): Promise<void> {
  const { signal } = context
  const how = { drivers: parts.drivers, gate: target.gate, format: job.format, access: 'read' } as const
  await using copy = await openDisk(await target.reopen(), how)
  const total = await planComparison(source, copy, paceOf(context, 'verify', 0))
  const { identical, firstDifference } = await compareDisks(source, copy, {
    signal,
    pace: paceOf(context, 'verify', total),
    ...(parts.pool && { pool: parts.pool }),
  })
  if (identical) return
  throw new SpindleError(
    'differs',
    `The copy of ${job.source} was read back and differs from it at byte ${firstDifference ?? 0}, so it was deleted. The source is unchanged. Either it was being written meanwhile, or the memory or a disk of this machine is faulty.`,
    { path: job.source, offset: firstDifference },
  )
}

/** What the new image lacks, in sentences. */
function losses({ source }: ConvertJob, [top]: readonly Details[]): readonly string[] {
  const count = (items: readonly unknown[] | undefined, what: string): readonly string[] =>
    items && items.length > 0
      ? [
          `${items.length} ${what}${items.length > 1 ? 's' : ''} of ${source} did not come along; the source still has ${items.length > 1 ? 'them' : 'it'}.`,
        ]
      : []
  return [...count(top?.snapshots, 'snapshot'), ...count(top?.bitmaps, 'bitmap')]
}
