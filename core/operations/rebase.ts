// rebase: another image below the same disk, or none.

import { openDisk } from '../image/chain.ts'
import type { ImageLayer } from '../image/driver.ts'
import { pathOf } from '../image/gate.ts'
import { statedFormat } from '../image/reference.ts'
import { VirtualDisk } from '../image/virtual-disk.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import type { JobResult, RebaseJob } from '../model/job.ts'
import { MiB, roundDown } from '../model/units.ts'
import { differencesOf } from '../transfer/compare.ts'
import { isZero } from '../transfer/zeros.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { emptyDisk } from './empty-disk.ts'
import { changeInPlace, changeLayerInPlace } from './in-place.ts'
import { inspect } from './inspect.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

const CHUNK = MiB

export async function rebase(job: RebaseJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const { path, nameOnly } = job
  throwIfCancelled(context.signal)
  context.progress({ phase: 'prepare', done: 0, total: 0 })
  const spec = { path, keepUndo: job.keepUndo ?? false, ...(job.format !== undefined && { format: job.format }) }
  if (nameOnly) {
    await changeLayerInPlace(spec, context, parts, async (layer) =>
      linkOf(layer).setBacking(job.backing && (await named(job.backing, layer, parts))),
    )
  } else {
    await using below = await openBelow(job, parts)
    await changeInPlace(spec, context, parts, async ({ storage, driver, gate }) => {
      await using disk = await openDisk(storage, { ...parts, gate, format: driver.format, access: 'write' })
      const link = linkOf(disk.top)
      if (job.compress === true) checkPacks(disk.top)
      await takeIn(disk, below, { compress: job.compress ?? false, context, parts })
      await link.setBacking(refOf(job, below))
    })
  }
  return { kind: 'rebase', path, warnings: [] }
}

/** Where an image knows the one below by what it calls itself, that has to be in the name. */
async function named(backing: BackingRef, layer: ImageLayer, parts: Parts): Promise<BackingRef> {
  if (layer.backing?.identity === undefined) return backing
  const path = pathOf(backing.path, layer.storage)
  const [facts] = await inspect({ path, chain: false }, { ...parts, openFile: parts.look })
  return facts?.identity === undefined ? backing : { ...backing, identity: facts.identity }
}

function linkOf({ backingLink, unwritable, unreadable, storage, format }: ImageLayer) {
  const refusal = unreadable ?? unwritable
  if (refusal) throw SpindleError.fromData(refusal)
  if (backingLink) return backingLink
  throw new SpindleError(
    'unsupported',
    `${storage.name} is in ${format} format, whose backing file Spindle cannot change. Nothing was changed.`,
    { path: storage.name },
  )
}

function refOf({ backing }: RebaseJob, below: VirtualDisk): BackingRef | undefined {
  const { identity, format } = below.top
  return (
    backing && {
      path: backing.path,
      format: backing.format ?? statedFormat(backing.path) ?? format,
      ...(identity !== undefined && { identity }),
    }
  )
}

/** What is to lie below; for nothing, an empty disk. */
async function openBelow({ path, backing }: RebaseJob, parts: Parts): Promise<VirtualDisk> {
  if (!backing) return emptyDisk(parts)
  await using top = await parts.openFile(path, 'read')
  const format = backing.format ?? statedFormat(backing.path)
  const below = await openSource(pathOf(backing.path, top), format, parts)
  if (below.layers.every(({ storage }) => storage.identity !== top.identity)) return below
  await below.close()
  throw new SpindleError(
    'invalid-argument',
    `${backing.path} is, or reads through, ${path} itself, so it cannot lie below it. Nothing was changed.`,
    { path },
  )
}

/** Writes into the top what it shows from below now, wherever the new image below it has something else. Durable. */
async function takeIn(
  disk: VirtualDisk,
  below: VirtualDisk,
  { compress, context, parts }: { compress: boolean; context: OperationContext; parts: Parts },
): Promise<void> {
  const [, first, ...others] = disk.layers
  const old = first ? new VirtualDisk([first, ...others]) : await emptyDisk(parts)
  const { snapshots = [] } = await disk.top.describe()
  const pace = paceOf(context, 'copy', Math.max(old.size, below.size))
  const options = { signal: context.signal, pace, ...(parts.pool && { pool: parts.pool }) }
  for await (const { offset, length } of differencesOf(old, below, options)) {
    if (snapshots.length > 0) throw hasSnapshots(disk.top.storage.name, snapshots)
    const end = Math.min(offset + length, disk.size)
    for (let position = offset; position < end;) {
      const [extent] = await disk.top.map(position, Math.min(end - position, CHUNK))
      if (!extent) break
      if (extent.kind === 'hole' && compress) await packHole(disk, position, extent.length)
      else if (extent.kind === 'hole') await takeInHole(disk, position, extent.length)
      position += extent.length
    }
  }
  await disk.flush()
}

async function takeInHole(disk: VirtualDisk, offset: number, length: number): Promise<void> {
  const bytes = new Uint8Array(length)
  await disk.read(offset, bytes)
  // Without a backing file an image need not say where zeros are, and what is said nowhere would not stay zeros.
  if (isZero(bytes) && disk.layers.length > 1) await disk.zero(offset, length)
  else await disk.write(offset, bytes)
}

/** Blocks in which nothing is yet are taken in whole, also beyond the hole: packed data cannot be added to. */
async function packHole(disk: VirtualDisk, offset: number, length: number): Promise<void> {
  const { blockSize = length } = disk.top.writer?.packing ?? {}
  for (let start = roundDown(offset, blockSize); start < offset + length; start += blockSize) {
    const end = Math.min(start + blockSize, disk.size)
    const extents = await disk.top.map(start, end - start)
    if (extents[0]?.kind === 'hole' && extents[0].length === end - start) await packBlock(disk, start, end - start)
    else {
      const from = Math.max(start, offset)
      await takeInHole(disk, from, Math.min(end, offset + length) - from)
    }
  }
}

async function packBlock(disk: VirtualDisk, offset: number, length: number): Promise<void> {
  const bytes = new Uint8Array(length)
  await disk.read(offset, bytes)
  if (isZero(bytes)) await takeInHole(disk, offset, length)
  else await disk.writePacked(offset, bytes)
}

function checkPacks({ writer, storage }: ImageLayer): void {
  if (writer?.packing) return
  throw new SpindleError(
    'unsupported',
    `${storage.name} cannot hold packed data. Nothing was changed. Leave compression out.`,
    { path: storage.name },
  )
}

function hasSnapshots(path: string, snapshots: readonly { readonly name: string }[]): SpindleError {
  const names = snapshots.map(({ name }) => `“${name}”`).join(', ')
  return new SpindleError(
    'unsupported',
    `${path} has snapshots (${names}), which would not show the same with other data below them. Nothing was changed. Delete them, or convert it to an image of its own instead.`,
    { path },
  )
}
