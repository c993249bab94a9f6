// amend: what was chosen when an image was made, chosen otherwise.

import { openLayer } from '../image/chain.ts'
import type { ImageLayer } from '../image/driver.ts'
import type { Amender } from '../image/facets.ts'
import { closedGate } from '../image/gate.ts'
import { driverOf } from '../image/detect.ts'
import { completeOptions } from '../image/options.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { AmendJob, JobResult } from '../model/job.ts'
import type { OptionValues } from '../model/option.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { changeInPlace } from './in-place.ts'
import type { OpenInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'

/** All of it, or nothing. Nothing is written where the image has all of it already. */
export async function amend(job: AmendJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, keepUndo = false } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const { format, steps, backingFormat, virtualSize } = await plan(job, parts)
  const count = steps.length + (backingFormat === undefined ? 0 : 1)
  if (count > 0) {
    const pace = paceOf(context, 'copy', virtualSize * count)
    await changeInPlace({ path, format, keepUndo }, context, parts, async (image) => {
      // Tables are other ones after each step, so the next one opens the image anew.
      for (const step of steps) await withLayer(image, async (layer) => amenderOf(layer).amend(step, pace))
      if (backingFormat !== undefined) await withLayer(image, async (layer) => nameFormat(layer, backingFormat))
    })
  }
  return { kind: 'amend', path, warnings: [] }
}

interface Plan {
  readonly format: string
  readonly steps: readonly OptionValues[]
  /** Undefined where it is not to change. */
  readonly backingFormat: string | undefined
  readonly virtualSize: number
}

/** Found out before anything is written beside the image. */
async function plan({ path, format, options, backingFormat }: AmendJob, parts: Parts): Promise<Plan> {
  const how = { ...parts, gate: closedGate }
  await using layer = await openLayer(await parts.openFile(path, 'read'), format, 'read', how)
  const amender = amenderOf(layer)
  const table = driverOf(parts.drivers, layer.format).options
  const amendable = table.filter((option) => option.amendable === true)
  const fixed = Object.keys(options).find((name) => !amendable.some((option) => option.name === name))
  if (fixed !== undefined)
    throw new SpindleError(
      'invalid-argument',
      `${fixed} cannot be changed in an image that is there. Nothing was changed. These can: ${amendable.map(({ name }) => name).join(', ')}.`,
      { path },
    )
  const given = amendable.filter(({ name }) => options[name] !== undefined)
  if (backingFormat !== undefined && !layer.backing)
    throw new SpindleError(
      'invalid-argument',
      `${path} has no backing file, so there is none whose format could be named. Nothing was changed.`,
      { path },
    )
  return {
    format: layer.format,
    steps: amender.steps(completeOptions(given, options)),
    backingFormat: layer.backing?.format === backingFormat ? undefined : backingFormat,
    virtualSize: layer.virtualSize,
  }
}

async function withLayer(image: OpenInPlace, work: (layer: ImageLayer) => Promise<void>): Promise<void> {
  await using layer = await image.driver.open(image.storage, image.gate, 'write')
  if (layer.unwritable) throw SpindleError.fromData(layer.unwritable)
  await work(layer)
}

function amenderOf({ amender, storage, format }: ImageLayer): Amender {
  if (amender) return amender
  throw new SpindleError(
    'unsupported',
    `${storage.name} is in ${format} format, in which nothing that was chosen when an image was made can be changed. Nothing was changed. Convert it instead.`,
    { path: storage.name },
  )
}

async function nameFormat({ backing, backingLink, unreadable }: ImageLayer, format: string): Promise<void> {
  if (unreadable) throw SpindleError.fromData(unreadable)
  if (backing) await backingLink?.setBacking({ path: backing.path, format })
}
