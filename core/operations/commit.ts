// commit: what an image has, moved down into one below it.

import { openDisk } from '../image/chain.ts'
import type { OpenChain } from '../image/chain.ts'
import { driverOf } from '../image/detect.ts'
import type { ImageLayer } from '../image/driver.ts'
import { VirtualDisk } from '../image/virtual-disk.ts'
import type { OperationContext } from '../jobs/operation.ts'
import type { Pace } from '../jobs/pace.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { CommitJob, JobResult } from '../model/job.ts'
import { MiB } from '../model/units.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { dependentsOf, foldersOf } from './dependents.ts'
import { changeInPlace, changeLayerInPlace } from './in-place.ts'
import type { OpenInPlace } from './in-place.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

const CHUNK = MiB

/**
 * Two changes, each as a whole or not at all: first the base takes everything, and only when that is durable the top
 * lets go of it. Before, between and after them the guest sees the same through the top.
 */
export async function commit(job: CommitJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, keepTop } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  await using chain = await openSource(path, job.format, parts)
  const { upper, base } = await split(chain, job, parts)
  const { name } = base.storage
  await checkOthers(job, { upper, base }, parts)
  if (!keepTop) await checkCanBeEmptied(path, chain.top.format, context, parts)
  const above = new VirtualDisk(upper)
  const spec = { path: name, format: base.format, keepUndo: false }
  await changeInPlace(spec, context, parts, async (image) => {
    await grow(image, above.size, base.virtualSize)
    const how = { drivers: parts.drivers, gate: image.gate, format: base.format, access: 'write' } as const
    const pace = paceOf(context, 'copy', above.size, job.rateLimit)
    await take(image, above, { ...how, sizeBefore: base.virtualSize }, pace)
    await renewLink(upper.at(-1), image, parts)
  })
  if (!keepTop) await emptyTop(path, chain.top.format, name, context, parts)
  return { kind: 'commit', path, base: name, warnings: between(upper, name) }
}

interface Split {
  /** The top, and what lies between it and the base. */
  readonly upper: readonly [ImageLayer, ...ImageLayer[]]
  readonly base: ImageLayer
}

export async function split({ top, layers }: VirtualDisk, job: CommitJob, parts: Parts): Promise<Split> {
  const refusal = (message: string): SpindleError => new SpindleError('invalid-argument', message, { path: job.path })
  if (layers.length < 2)
    throw refusal(`${job.path} has no backing file that could take what it has. Nothing was changed.`)
  const index = job.base === undefined ? 1 : await depthOf(job.base, layers, parts)
  const base = layers[index]
  if (index < 1 || !base) {
    const names = layers.slice(1).map(({ storage }) => storage.name)
    throw refusal(
      `${job.base ?? ''} is none of the images below ${job.path}. Nothing was changed. These are: ${names.join(', ')}.`,
    )
  }
  return { upper: [top, ...layers.slice(1, index)], base }
}

async function depthOf(path: string, layers: readonly ImageLayer[], parts: Parts): Promise<number> {
  try {
    await using storage = await parts.openFile(path, 'read')
    return layers.findIndex((layer) => layer.storage.identity === storage.identity)
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'not-found') return -1
    throw error
  }
}

/** Whoever reads through the base, or through a layer between, would see the top's data mixed with its own. */
async function checkOthers({ path, allowOthers }: CommitJob, { upper, base }: Split, parts: Parts): Promise<void> {
  if (allowOthers) return
  for (const layer of upper) {
    const { snapshots = [] } = await layer.describe()
    const { name } = layer.storage
    if (snapshots.length > 0)
      throw new SpindleError(
        'in-use',
        `${name} has snapshots (${snapshots.map((one) => `“${one.name}”`).join(', ')}), which read through ${base.storage.name} and would be damaged by a change of it. Nothing was changed. Delete them, or convert ${path} to an image of its own instead.`,
        { path: name },
      )
  }
  const names = [...upper, base].map(({ storage }) => storage.name)
  const changed = names.slice(1)
  const others = await dependentsOf(changed, names, await foldersOf([path, ...changed]), parts)
  if (others.length === 0) return
  throw new SpindleError(
    'in-use',
    `Other images read through ${changed.join(' or ')}, and their disks would be damaged: ${others.join(', ')}. Nothing was changed. Rebase or delete them first, or convert ${path} to an image of its own instead.`,
    { path: base.storage.name },
  )
}

/** Found out before the base is changed. */
async function checkCanBeEmptied(path: string, format: string, context: OperationContext, parts: Parts): Promise<void> {
  const onTheWay: OperationContext = { ...context, pointOfNoReturn: () => {} }
  // An image that was not closed properly is put right by opening it: a change like any other.
  await changeLayerInPlace({ path, format, keepUndo: false }, onTheWay, parts, async (layer) => {
    linkOf(layer)
  })
}

function linkOf({ backingLink, unwritable, storage, format }: ImageLayer) {
  if (unwritable) throw SpindleError.fromData(unwritable)
  if (backingLink) return backingLink
  const message = `${storage.name} is in ${format} format, which Spindle cannot empty. Nothing was changed. Keep what it has.`
  throw new SpindleError('unsupported', message, { path: storage.name })
}

async function grow(image: OpenInPlace, size: number, baseSize: number): Promise<void> {
  if (size <= baseSize) return
  await using layer = await image.driver.open(image.storage, image.gate, 'write')
  if (layer.unwritable) throw SpindleError.fromData(layer.unwritable)
  if (!layer.resizer)
    throw new SpindleError(
      'unsupported',
      `${image.storage.name} is smaller than the disk above it, and Spindle cannot make images in ${layer.format} format larger. Nothing was changed.`,
      { path: image.storage.name },
    )
  await layer.resizer.resize(size, 'off')
}

async function take(
  { storage }: OpenInPlace,
  above: VirtualDisk,
  { sizeBefore, ...how }: OpenChain & { readonly sizeBefore: number },
  pace: Pace,
): Promise<void> {
  await using below = await openDisk(storage, how)
  await moveDown(above, below, sizeBefore, pace)
  await below.flush()
}

async function moveDown(above: VirtualDisk, below: VirtualDisk, baseSize: number, pace: Pace): Promise<void> {
  const lowest = above.layers.length - 1
  const buffer = new Uint8Array(CHUNK)
  for (let position = 0; position < above.size;) {
    const extents = await above.map(position, Math.min(above.size - position, CHUNK))
    for (const extent of extents) {
      const { length } = extent
      if (extent.kind === 'data' || extent.kind === 'packed') {
        const bytes = buffer.subarray(0, length)
        await above.readExtent(extent, bytes)
        await below.write(position, bytes)
      } else if (extent.kind === 'zero' || extent.depth < lowest) {
        // A hole further up than the lowest layer lies past the end of the one below it: the base does not show there.
        await clear(below, position, length)
      } else if (position + length > baseSize) {
        const start = Math.max(position, baseSize)
        await clear(below, start, position + length - start)
      }
      position += length
      await pace(length)
    }
  }
}

/** Makes the range read as zeros where it does not yet. */
async function clear(disk: VirtualDisk, offset: number, length: number): Promise<void> {
  // A file that holds the disk as it is gives room back only when the change is final, and reads as before until then.
  const unmap = disk.top.format !== 'raw' && (await disk.top.describe()).dataFile === undefined
  for (let position = offset; position < offset + length;) {
    const [extent] = await disk.map(position, offset + length - position)
    if (!extent) break
    if (extent.kind === 'data' || extent.kind === 'packed') await disk.zero(position, extent.length, unmap)
    position += extent.length
  }
}

/** Some images note what the one below calls itself, which changes with what is in it: both change, or neither. */
async function renewLink(child: ImageLayer | undefined, image: OpenInPlace, parts: Parts): Promise<void> {
  const backing = child?.backing
  if (!child || backing?.identity === undefined) return
  const identity = await identityOf(image)
  if (identity === undefined || identity === backing.identity) return
  const driver = driverOf(parts.drivers, child.format)
  await using layer = await driver.open(await image.also(child.storage.name), image.gate, 'write')
  await linkOf(layer).setBacking({ ...backing, identity })
}

async function identityOf({ driver, storage, gate }: OpenInPlace): Promise<string | undefined> {
  await using now = await driver.open(storage, gate, 'read')
  return now.identity
}

async function emptyTop(
  path: string,
  format: string,
  base: string,
  context: OperationContext,
  parts: Parts,
): Promise<void> {
  // The base has it all now: from here on there is no way back, and stopping would leave more to do.
  const onward: OperationContext = { ...context, signal: new AbortController().signal, pointOfNoReturn: () => {} }
  try {
    await changeLayerInPlace({ path, format, keepUndo: false }, onward, parts, async (layer) =>
      linkOf(layer).empty(paceOf(onward, 'finish', layer.virtualSize)),
    )
  } catch (error) {
    const { code, message } = errorData(error)
    throw new SpindleError(
      code,
      `${base} has everything of ${path} now, but ${path} could not be emptied: ${message} All data is safe, in both of them; commit again to free the room.`,
      { path, cause: error },
    )
  }
}

function between([, ...layers]: readonly ImageLayer[], base: string): readonly string[] {
  if (layers.length === 0) return []
  const names = layers.map(({ storage }) => storage.name).join(', ')
  return [`${base} has changed below ${names}, which must no longer be used alone.`]
}
