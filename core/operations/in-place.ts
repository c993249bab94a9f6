// The frame of every change to an image in place: all of it happens, or none of it.

import { detectDriver, driverOf } from '../image/detect.ts'
import type { ImageDriver, ImageLayer, OpenGate } from '../image/driver.ts'
import { leadingPath } from '../image/leading.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import { refuseHalfChanged, undoFileOf } from '../storage/undo-file.ts'
import { throwIfCancelled } from './cancel.ts'
import { ChangedFiles } from './changed-files.ts'
import type { Parts } from './parts.ts'

export interface InPlaceSpec {
  /** Absolute. */
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: string
  /** Leaves an undo file behind, by which the change can be taken back later. The room it frees stays taken meanwhile. */
  readonly keepUndo: boolean
}

export interface OpenInPlace {
  /** The image. Whatever is written here can be put back; room given back is really free only once the change is final. */
  readonly storage: Storage
  readonly driver: ImageDriver
  /** To the other files of the image: what is written to those can be put back as well. */
  readonly gate: OpenGate
  /** A second image, by its path, that is changed together with this one or not at all. Open until the change is over. */
  readonly also: (path: string) => Promise<Storage>
}

/**
 * Runs `work` on the image. When that throws, or the job is cancelled, everything is put back; when the program dies on
 * the way, the undo file beside the image leads back. An undo file of an earlier, complete change is replaced. Throws
 * `invalid-image` when an earlier change was cut off, and `in-use` while another is under way.
 */
export async function changeInPlace<T>(
  spec: InPlaceSpec,
  context: OperationContext,
  parts: Parts,
  work: (image: OpenInPlace) => Promise<T>,
): Promise<T> {
  throwIfCancelled(context.signal)
  const path = await leadingPath(spec.path, spec.format, parts)
  await refuseHalfChanged(path)
  await using image = await parts.openFile(path, 'write')
  const driver = spec.format === undefined ? await detectDriver(parts, image) : driverOf(parts.drivers, spec.format)
  await using files = await ChangedFiles.start(image, path, parts)
  const value = await allOrNothing(files, async () => {
    const also = async (other: string): Promise<Storage> =>
      files.protect(other, async () => parts.openFile(other, 'write'))
    const result = await work({ storage: files.image, driver, gate: protectingGate(files, parts.gate), also })
    throwIfCancelled(context.signal)
    context.pointOfNoReturn()
    return result
  })
  if (spec.keepUndo && !files.areUnchanged) return value
  await files.removeLogs()
  await files.release()
  return value
}

/** The same for work on an opened image. */
export async function changeLayerInPlace<T>(
  spec: InPlaceSpec,
  context: OperationContext,
  parts: Parts,
  work: (layer: ImageLayer) => Promise<T>,
): Promise<T> {
  return changeInPlace(spec, context, parts, async ({ storage, driver, gate }) => {
    await using layer = await driver.open(storage, gate, 'write')
    return await work(layer)
  })
}

/** Returns when the change is durable; the undo file is complete then. When something fails there is none. */
async function allOrNothing<T>(files: ChangedFiles, work: () => Promise<T>): Promise<T> {
  try {
    const value = await work()
    await files.complete()
    return value
  } catch (error) {
    await putBack(files, error)
    await files.removeLogs()
    throw error
  }
}

/** Files that are only read are not changed, unless it is one that is written as well. */
function protectingGate(files: ChangedFiles, gate: OpenGate): OpenGate {
  return {
    async open(reference, from, access) {
      const name = JSON.stringify([from.identity, reference])
      if (access === 'write') return files.protect(name, async () => gate.open(reference, from, access))
      return files.protected(name) ?? gate.open(reference, from, access)
    },
    create: async (reference, from) => gate.create(reference, from),
    secrets: gate.secrets,
  }
}

async function putBack(files: ChangedFiles, reason: unknown): Promise<void> {
  const { name } = files.image
  try {
    await files.rollBack()
  } catch (error) {
    const undoFile = await undoFileOf(files.path)
    const message = `${errorData(reason).message} Then putting ${name} back as it was failed as well: ${errorData(error).message} “spindle undo ${name}” tries that again; until then keep ${undoFile}.`
    throw new SpindleError(errorData(error).code, message, { path: name, cause: error })
  }
}
