// copy: an image once more, byte for byte, with its holes and all its files.

import { basename, dirname, isAbsolute, join } from 'node:path'
import type { OperationContext } from '../jobs/operation.ts'
import { parseReference } from '../image/reference.ts'
import { SpindleError } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import type { CopyJob, JobResult } from '../model/job.ts'
import type { Storage } from '../storage/storage.ts'
import { paceOf, throwIfCancelled } from './cancel.ts'
import { compareBytes, copyBytes, dataSize } from './copy-bytes.ts'
import { imageFilesOf } from './image-files.ts'
import type { ImageFiles } from './image-files.ts'
import { changeLayerInPlace } from './in-place.ts'
import type { Parts } from './parts.ts'
import { checkRoom } from './space.ts'
import { Target } from './target.ts'

export async function copy(job: CopyJob, context: OperationContext, parts: Parts): Promise<JobResult> {
  const files = await imageFilesOf(job.path, parts)
  checkCanHaveTwo(files, job.target)
  await copyImage(files, job.target, context, parts)
  return { kind: 'copy', path: job.target, warnings: renamedBase(files, job.target) }
}

/** Everything of an image under another name, or in another folder; verified and durable when this returns. */
export async function copyImage(
  { image, beside, fixed, backing, format }: ImageFiles,
  path: string,
  context: OperationContext,
  parts: Parts,
): Promise<void> {
  const copied = [image, ...beside.filter((file) => !fixed.includes(file.path))]
  await using sources = new AsyncDisposableStack()
  await using target = await Target.start({ path, overwrite: false, parts, untouchable: [image.path] })
  const pairs: { readonly from: Storage; readonly to: Storage }[] = []
  for (const file of copied) {
    const from = sources.use(await parts.openFile(file.path, 'read'))
    const to =
      file === image
        ? target.storage
        : await target.gate.create(join(dirname(path), basename(file.path)), target.storage)
    pairs.push({ from, to })
  }
  const sizes = await Promise.all(pairs.map(async ({ from }) => dataSize(from)))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const pace = paceOf(context, 'copy', total)
  const toCompare: typeof pairs = []
  let hasRoom = false
  for (const pair of pairs) {
    if (!hasRoom && !(await mayShare(pair))) await checkRoom(path, total)
    hasRoom = true
    if (!(await copyBytes(pair.from, pair.to, pace))) toCompare.push(pair)
  }
  await target.flush()
  const comparing = paceOf(context, 'verify', total)
  for (const { from, to } of toCompare) await compareBytes(from, to, comparing)
  const nearby = backing && fixedReference(backing, image.path, path)
  if (nearby) await refer(target.storage.name, format, nearby, context, parts)
  throwIfCancelled(context.signal)
  context.pointOfNoReturn()
  await target.publish()
}

/** On one file system a copy may cost no room at all; whether it does is found out by trying. */
async function mayShare({ from, to }: { readonly from: Storage; readonly to: Storage }): Promise<boolean> {
  return from.identity.split(':')[1] === to.identity.split(':')[1]
}

/** A name that is meant from the image's folder, as it has to be written in another one; undefined where it holds there. */
export function fixedReference(backing: BackingRef, from: string, to: string): BackingRef | undefined {
  if (dirname(from) === dirname(to) || backing.path.startsWith('uuid:')) return undefined
  const { path } = parseReference(backing.path)
  if (isAbsolute(path)) return undefined
  const { alternatives: _alternatives, ...rest } = backing
  return { ...rest, path: join(dirname(from), path) }
}

/** Another name for what lies below, as a change that is made as a whole. */
export async function refer(
  path: string,
  format: string | undefined,
  backing: BackingRef,
  context: OperationContext,
  parts: Parts,
): Promise<void> {
  const onTheWay: OperationContext = { ...context, pointOfNoReturn: () => {} }
  const spec = { path, keepUndo: false, ...(format !== undefined && { format }) }
  await changeLayerInPlace(spec, onTheWay, parts, async ({ backingLink, unwritable, unreadable }) => {
    const refusal = unwritable ?? unreadable
    if (refusal) throw SpindleError.fromData(refusal)
    await backingLink?.setBacking(backing)
  })
}

/** The names of its other files are written in the image, so two of them cannot lie in one folder. */
function checkCanHaveTwo({ image, beside, elsewhere, fixed }: ImageFiles, target: string): void {
  const shared = [...elsewhere, ...fixed]
  if (shared.length === 0 && (beside.length === 0 || dirname(target) !== dirname(image.path))) return
  const message =
    shared.length > 0
      ? `${image.path} keeps its data in ${shared.join(', ')}, which a copy would write to as well. Nothing was copied. Convert it to an image of its own instead.`
      : `${image.path} is in several files that it names, so a copy cannot lie in the same folder. Nothing was copied. Choose another folder, or convert it.`
  throw new SpindleError('unsupported', message, { path: image.path })
}

function renamedBase({ image, backing }: ImageFiles, target: string): readonly string[] {
  const changed = backing && fixedReference(backing, image.path, target)
  return changed
    ? [`The copy names its backing file by the whole path, ${changed.path}, and is otherwise the same.`]
    : []
}
