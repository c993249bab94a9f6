// The dirty bitmaps of an image in the making, copied when all of its data is there.

import { openLayer } from '../image/chain.ts'
import type { CreateSpec, ImageDriver, ImageLayer } from '../image/driver.ts'
import type { BitmapTable } from '../image/facets.ts'
import { closedGate } from '../image/gate.ts'
import { SpindleError } from '../model/error.ts'
import type { BitmapFacts } from '../model/image.ts'
import type { ConvertJob } from '../model/job.ts'
import { throwIfCancelled } from './cancel.ts'
import type { Parts } from './parts.ts'
import type { Target } from './target.ts'

export interface BitmapCopy {
  readonly kept: readonly BitmapFacts[]
  /** Left behind, because nobody knows what they should say. */
  readonly broken: readonly BitmapFacts[]
}

/** Throws `invalid-argument` where the request makes no sense. */
export function checkKeepsBitmaps(job: ConvertJob, driver: ImageDriver, spec: CreateSpec): void {
  if (job.keepBitmaps !== true) {
    if (job.skipBrokenBitmaps !== true) return
    throw new SpindleError('invalid-argument', 'Broken bitmaps can only be left out where the others are kept.')
  }
  if (driver.measureBitmaps?.(spec, []) !== undefined) return
  throw new SpindleError(
    'invalid-argument',
    `Images in ${driver.title} format with these options have no place for bitmaps. Nothing was changed. Choose qcow2 of version 3 (compat=1.1), or leave the bitmaps out.`,
  )
}

/** What is to come along. Throws `invalid-image` for one that is broken and may not be left out. */
export async function planBitmaps(job: ConvertJob, format: string, parts: Parts): Promise<BitmapCopy> {
  if (job.keepBitmaps !== true) return { kept: [], broken: [] }
  await using layer = await openSourceAlone(job, format, parts)
  const bitmaps = await tableOf(layer).list()
  const broken = bitmaps.filter(({ flags }) => flags.includes('in-use'))
  const [first] = broken
  if (!first || job.skipBrokenBitmaps === true) return { kept: bitmaps.filter((one) => !broken.includes(one)), broken }
  throw new SpindleError(
    'invalid-image',
    `The bitmap “${first.name}” of ${job.source} was being changed when that image was last closed, so it can no longer be trusted. Nothing was changed. Leave broken bitmaps out, or remove it first.`,
    { path: job.source },
  )
}

/** The target is whole but for these. */
export async function copyBitmaps(
  { kept }: BitmapCopy,
  target: Target,
  { job, format, parts, signal }: { job: ConvertJob; format: string; parts: Parts; signal: AbortSignal },
): Promise<void> {
  if (kept.length === 0) return
  await using from = await openSourceAlone(job, format, parts)
  const how = { ...parts, gate: target.gate }
  await using to = await openLayer(await target.reopen('write'), job.format, 'write', how)
  const source = tableOf(from)
  const table = tableOf(to)
  for (const { name, granularity, flags } of kept) {
    throwIfCancelled(signal)
    await table.add(name, granularity)
    await table.mark(name, source.read(name))
    if (!flags.includes('auto')) await table.disable(name)
  }
}

/** Bitmaps are those of the image as it is now, also where a snapshot is converted. */
async function openSourceAlone({ source }: ConvertJob, format: string, parts: Parts): Promise<ImageLayer> {
  return openLayer(await parts.openFile(source, 'read'), format, 'read', { ...parts, gate: closedGate })
}

function tableOf({ bitmaps, storage }: ImageLayer): BitmapTable {
  if (bitmaps) return bitmaps
  throw new SpindleError(
    'invalid-argument',
    `${storage.name} has no place for bitmaps, so there are none that could be kept. Nothing was changed.`,
    { path: storage.name },
  )
}
