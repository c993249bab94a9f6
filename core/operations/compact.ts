// compact: an image written anew without what nobody needs any more, checked, and put in the place of the old one.

import { chmod, chown, link, realpath, rename, rm, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError } from '../model/error.ts'
import type { Details } from '../model/image.ts'
import type { CompactJob, ConvertJob, JobResult } from '../model/job.ts'
import type { OptionValues } from '../model/option.ts'
import type { CompactPlan } from '../model/plan.ts'
import { syncFolder } from '../storage/folder.ts'
import { systemError } from '../storage/system-error.ts'
import { undoFileOf } from '../storage/undo-file.ts'
import { throwIfCancelled } from './cancel.ts'
import { convert } from './convert.ts'
import { entryAt, hold } from './image-files.ts'
import { inspect } from './inspect.ts'
import type { Parts } from './parts.ts'
import { planConvert } from './plan-convert.ts'
import { newItem, takeIn } from './trash-store.ts'

export async function planCompact(job: CompactJob, parts: Parts): Promise<CompactPlan> {
  const { conversion, allocatedSize } = await conversionOf(job, parts)
  const { writes, free } = await planConvert(conversion, parts)
  return {
    now: allocatedSize,
    // What holds zeros, or the same as what lies below, is found only when it is read.
    atMost: Math.min(writes, allocatedSize),
    free,
    command: ['spindle', 'compact', job.path],
  }
}

/**
 * The guest sees the same disk under the same name, so images on top of it stay right. The old file, with all it holds,
 * goes to the trash; where the new one is not smaller it goes instead, and nothing has changed.
 */
export async function compact(job: CompactJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const path = await realpath(job.path)
  const { conversion, allocatedSize: before } = await conversionOf({ ...job, path }, parts)
  // Held until the end, so that nobody writes to what was copied already.
  await using holding = new AsyncDisposableStack()
  holding.use(await parts.openFile(path, 'read'))
  const made = await convert(conversion, { ...context, pointOfNoReturn: () => {} }, parts)
  const fresh = conversion.target
  const after = made.kind === 'convert' ? made.allocatedSize : before
  try {
    throwIfCancelled(context.signal)
    if (after >= before) {
      await unlink(fresh)
      return { kind: 'compact', path, before, after: before, warnings: [] }
    }
    holding.use(await hold(path, parts))
    context.pointOfNoReturn()
    const item = await swap(path, fresh)
    return { kind: 'compact', path, before, after, item, warnings: made.warnings }
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/** Returns the old file's item in the trash, where it has a second name before the new one takes its first in one step. */
async function swap(path: string, fresh: string): Promise<string> {
  try {
    const [folder, name] = [dirname(path), basename(path)]
    const old = await stat(path)
    const entry = await entryAt(path)
    await chmod(fresh, old.mode & 0o7777)
    const owner = await stat(fresh)
    if (owner.uid !== old.uid || owner.gid !== old.gid) await chown(fresh, old.uid, old.gid)
    const undoFile = await undoFileOf(path)
    const beside = await entryAt(undoFile)
    const record = {
      version: 1,
      state: 'trashing',
      trashedAt: Date.now(),
      files: [
        { name, inode: String(entry?.ino) },
        ...(beside ? [{ name: basename(undoFile), inode: String(beside.ino) }] : []),
      ],
    } as const
    const item = await newItem(folder, record)
    await link(path, join(item, name))
    await syncFolder(item)
    await rename(fresh, path)
    await syncFolder(folder)
    // What has the name now is another file, and stays.
    await takeIn(item, record)
    return item
  } catch (error) {
    throw systemError(error, 'create', path)
  }
}

interface Compaction {
  readonly conversion: ConvertJob
  /** Bytes of the image as it is. */
  readonly allocatedSize: number
}

/** The same image once more: the options it was made with, its snapshots, its bitmaps, and what it lies on. */
async function conversionOf({ path, format: given }: CompactJob, parts: Parts): Promise<Compaction> {
  const [image, below] = await inspect({ path, chain: true, ...(given !== undefined && { format: given }) }, parts)
  if (!image) throw new SpindleError('internal', `Nothing could be found out about ${path}.`, { path })
  const { format, details, allocatedSize, backing } = image
  if (image.unreadable) throw SpindleError.fromData(image.unreadable)
  if (format !== 'qcow2' && format !== 'raw')
    refuse(path, `images in ${format} format have an identity of their own, which a new file would not have`)
  if (details.encrypted === true) refuse(path, 'it is encrypted, and a new file would need new passphrases')
  if (details.dataFile !== undefined) refuse(path, 'its data is in a file of its own')
  const snapshots = (details.snapshots ?? []).length > 0
  const bitmaps = (details.bitmaps ?? []).length > 0
  if (backing && (snapshots || bitmaps))
    refuse(path, 'it lies on another image and has snapshots or bitmaps of its own')
  if (details.snapshots?.some(({ vmStateSize }) => vmStateSize > 0) === true)
    refuse(path, 'a snapshot in it holds the state of a machine')
  const packed = details.compressed === true || (format === 'qcow2' && (await isPacked(path, parts)))
  return {
    allocatedSize,
    conversion: {
      kind: 'convert',
      source: path,
      sourceFormat: format,
      target: `${path}.compacted`,
      format,
      options: format === 'qcow2' ? optionsOf(details) : {},
      compress: packed && !snapshots && !backing,
      verify: true,
      ...(snapshots && { keepSnapshots: true }),
      ...(bitmaps && { keepBitmaps: true }),
      ...(backing && below && { backing: { path: backing.path, format: below.format } }),
    },
  }
}

/** What would be unpacked by a plain copy is packed again. */
async function isPacked(path: string, parts: Parts): Promise<boolean> {
  const { allocation } = await import('./allocation.ts')
  return (await allocation(path, 1024, parts)).totals.compressed > 0
}

function optionsOf({ clusterSize, specific = {} }: Details): OptionValues {
  const own = (name: string, option: string): OptionValues => {
    const value = specific[name]
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? { [option]: value }
      : {}
  }
  return {
    ...(clusterSize !== undefined && { cluster_size: clusterSize }),
    ...own('compat', 'compat'),
    ...own('compression-type', 'compression_type'),
    ...own('lazy-refcounts', 'lazy_refcounts'),
    ...own('refcount-bits', 'refcount_bits'),
    ...own('extended-l2', 'extended_l2'),
  }
}

function refuse(path: string, reason: string): never {
  throw new SpindleError(
    'unsupported',
    `${path} cannot be compacted: ${reason}. Nothing was changed. Convert it to a new image instead.`,
    { path },
  )
}
