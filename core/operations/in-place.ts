// The frame of every change to an image in place: all of it happens, or none of it.

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { detectDriver, driverOf } from '../image/detect.ts'
import type { ImageDriver, ImageLayer, OpenGate } from '../image/driver.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, errorData } from '../model/error.ts'
import { syncFolder } from '../storage/folder.ts'
import type { Storage } from '../storage/storage.ts'
import { beingChanged, holdLog, refuseHalfChanged, removeUndoFile, undoFileOf } from '../storage/undo-file.ts'
import { UndoStorage } from '../storage/undo-storage.ts'
import { throwIfCancelled } from './cancel.ts'
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
  /** To the other files of the image. */
  readonly gate: OpenGate
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
  await refuseHalfChanged(spec.path)
  await using image = await parts.openFile(spec.path, 'write')
  const driver =
    spec.format === undefined ? await detectDriver(parts.drivers, image) : driverOf(parts.drivers, spec.format)
  const undoFile = await undoFileOf(spec.path)
  const result = await withUndoFile(undoFile, image, parts, async (storage) => {
    const value = await work({ storage, driver, gate: parts.gate })
    throwIfCancelled(context.signal)
    context.pointOfNoReturn()
    return value
  })
  if (spec.keepUndo && !result.storage.isUnchanged) return result.value
  await removeUndoFile(undoFile)
  await result.storage.release()
  return result.value
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

interface Changed<T> {
  readonly storage: UndoStorage
  readonly value: T
}

/** Returns when the change is durable; the undo file is complete then. When something fails there is none. */
async function withUndoFile<T>(
  undoFile: string,
  image: Storage,
  parts: Parts,
  work: (storage: Storage) => Promise<T>,
): Promise<Changed<T>> {
  if (existsSync(undoFile)) await removeUndoFile(undoFile)
  await using log = await createLog(undoFile, image, parts)
  const storage = await startOver(image, log, undoFile)
  try {
    const value = await work(storage)
    await storage.complete()
    return { storage, value }
  } catch (error) {
    await putBack(storage, image, undoFile, error)
    await removeUndoFile(undoFile)
    throw error
  }
}

async function createLog(undoFile: string, image: Storage, parts: Parts): Promise<Storage> {
  try {
    const log = await parts.openFile(undoFile, 'create')
    holdLog(log)
    return log
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    // Another has been quicker.
    if (error.code === 'exists') throw beingChanged(image.name)
    const message = `${image.name} cannot be changed, because the file that could undo it cannot be made: ${error.message} Nothing was changed.`
    throw new SpindleError(error.code, message, { path: image.name, cause: error })
  }
}

/** Nothing may be overwritten before the log is sure to be found after a crash. */
async function startOver(image: Storage, log: Storage, undoFile: string): Promise<UndoStorage> {
  try {
    const storage = await UndoStorage.over(image, log)
    await syncFolder(dirname(undoFile))
    return storage
  } catch (error) {
    await removeUndoFile(undoFile)
    throw error
  }
}

async function putBack(storage: UndoStorage, image: Storage, undoFile: string, reason: unknown): Promise<void> {
  try {
    await storage.rollBack()
  } catch (error) {
    const message = `${errorData(reason).message} Then putting ${image.name} back as it was failed as well: ${errorData(error).message} “spindle undo ${image.name}” tries that again; until then keep ${undoFile}.`
    throw new SpindleError(errorData(error).code, message, { path: image.name, cause: error })
  }
}
