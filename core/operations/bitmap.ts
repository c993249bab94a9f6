// bitmap: adding, removing and changing a dirty bitmap inside an image.

import { openLayer } from '../image/chain.ts'
import type { ImageLayer } from '../image/driver.ts'
import type { BitmapTable, GuestRange } from '../image/facets.ts'
import { aloneGate } from '../image/gate.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, assertNever } from '../model/error.ts'
import type { BitmapAction, BitmapJob, JobResult } from '../model/job.ts'
import { throwIfCancelled, turnsOf } from './cancel.ts'
import { changeLayerInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'

/** All of the actions, or none of them. */
export async function bitmap(job: BitmapJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, name, actions, keepUndo = false } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const format = await formatWithBitmaps(job, parts)
  await changeLayerInPlace({ path, format, keepUndo }, context, parts, async (layer) => {
    for (const action of actions) {
      throwIfCancelled(context.signal)
      await act(layer, name, action, context.signal, parts)
    }
  })
  return { kind: 'bitmap', path, warnings: [] }
}

/** Found out before anything is written beside the image. */
async function formatWithBitmaps({ path, format }: BitmapJob, parts: Parts): Promise<string> {
  await using layer = await openAlone(path, format, parts)
  tableOf(layer)
  return layer.format
}

async function openAlone(path: string, format: string | undefined, parts: Parts): Promise<ImageLayer> {
  const gate = { ...aloneGate(parts.openFile), secrets: parts.gate.secrets }
  return openLayer(await parts.openFile(path, 'read'), format, 'read', { ...parts, gate })
}

function tableOf({ bitmaps, unwritable, storage }: ImageLayer): BitmapTable {
  if (unwritable) throw SpindleError.fromData(unwritable)
  if (bitmaps) return bitmaps
  throw new SpindleError(
    'unsupported',
    `${storage.name} has no place for bitmaps: only qcow2 images of version 3 have (compat=1.1). Nothing was changed.`,
    { path: storage.name },
  )
}

async function act(
  layer: ImageLayer,
  name: string,
  action: BitmapAction,
  signal: AbortSignal,
  parts: Parts,
): Promise<void> {
  const table = tableOf(layer)
  switch (action.kind) {
    case 'add':
      return table.add(name, action.granularity)
    case 'remove':
    case 'clear':
    case 'enable':
    case 'disable':
      return table[action.kind](name)
    case 'merge':
      if (!action.source) return table.mark(name, stoppable(table.read(action.from), signal))
      return mergeFrom(layer, name, { from: action.from, ...action.source }, signal, parts)
    default:
      return assertNever(action)
  }
}

async function mergeFrom(
  layer: ImageLayer,
  name: string,
  { from, path, format }: { readonly from: string; readonly path: string; readonly format?: string },
  signal: AbortSignal,
  parts: Parts,
): Promise<void> {
  await using source = await openAlone(path, format, parts)
  const table = tableOf(layer)
  // What was done to it so far is not in the file yet.
  if (source.storage.identity === layer.storage.identity)
    return await table.mark(name, stoppable(table.read(from), signal))
  if (source.virtualSize !== layer.virtualSize) {
    throw new SpindleError(
      'invalid-argument',
      `Bitmaps of disks that differ in size cannot be merged: ${path} has ${source.virtualSize} bytes, ${layer.storage.name} ${layer.virtualSize}. Nothing was changed.`,
      { path },
    )
  }
  await table.mark(name, stoppable(tableOf(source).read(from), signal))
}

async function* stoppable(ranges: AsyncIterable<GuestRange>, signal: AbortSignal): AsyncGenerator<GuestRange> {
  const pace = turnsOf(signal)
  for await (const range of ranges) {
    await pace(0)
    yield range
  }
}
