// The files of one change in place, each with an undo log beside it; the image's own log decides over all of them.

import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { SpindleError } from '../model/error.ts'
import { syncFolder } from '../storage/folder.ts'
import type { Storage } from '../storage/storage.ts'
import { beingChanged, holdLog, nameBeside, removeUndoFiles, undoFileOf } from '../storage/undo-file.ts'
import { UndoStorage } from '../storage/undo-storage.ts'
import type { Parts } from './parts.ts'

export class ChangedFiles implements AsyncDisposable {
  readonly path: string
  /** The image itself. */
  readonly image: UndoStorage
  readonly #change: Uint8Array
  readonly #parts: Pick<Parts, 'openFile'>
  /** The other files, by the names that lead to them. */
  readonly #others = new Map<string, UndoStorage>()
  readonly #open: AsyncDisposableStack

  private constructor(
    image: UndoStorage,
    path: string,
    work: { readonly change: Uint8Array; readonly parts: Pick<Parts, 'openFile'>; readonly open: AsyncDisposableStack },
  ) {
    this.path = path
    this.image = image
    this.#change = work.change
    this.#parts = work.parts
    this.#open = work.open
  }

  /** What an earlier, complete change has left behind is replaced. The image stays the caller's, who closes it. */
  static async start(image: Storage, path: string, parts: Pick<Parts, 'openFile'>): Promise<ChangedFiles> {
    await using open = new AsyncDisposableStack()
    const change = randomBytes(16)
    await removeUndoFiles(path)
    const undoFile = await undoFileOf(path)
    const log = open.use(await newLog(undoFile, image, parts))
    try {
      open.defer(holdLog(log))
      const storage = await UndoStorage.over(image, log, { change })
      // Nothing may be overwritten before the log is sure to be found after a crash.
      await syncFolder(dirname(undoFile))
      return new ChangedFiles(storage, path, { change, parts, open: open.move() })
    } catch (error) {
      await removeUndoFiles(path)
      throw error
    }
  }

  /** Nothing has been written, freed, grown or cut. */
  get areUnchanged(): boolean {
    return [this.image, ...this.#others.values()].every((one) => one.isUnchanged)
  }

  /** Another file of the image, which `open` opens for writing: each once, however often it is asked for. */
  async protect(name: string, open: () => Promise<Storage>): Promise<Storage> {
    const known = this.#others.get(name)
    if (known) return known
    const file = this.#open.use(await open())
    const partOf = await nameBeside(file.name, this.path)
    const storage = await UndoStorage.part(file, { change: this.#change, partOf }, async () => this.#newPart(file))
    this.#others.set(name, storage)
    return storage
  }

  protected(name: string): Storage | undefined {
    return this.#others.get(name)
  }

  /** Returns when everything is durable and the change final: from here on the logs are an offer to undo. */
  async complete(): Promise<void> {
    for (const other of this.#others.values()) await other.completePart()
    await this.image.complete()
  }

  async rollBack(): Promise<void> {
    await this.image.rollBack([...this.#others.values()])
  }

  async removeLogs(): Promise<void> {
    await removeUndoFiles(this.path)
  }

  /** Gives back the room that the change freed. To be called when the logs are gone. */
  async release(): Promise<void> {
    for (const one of [this.image, ...this.#others.values()]) await one.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync()
  }

  /** Named in the log that decides before it is there: whoever finds the name finds a log, or a file left alone. */
  async #newPart(file: Storage): Promise<Storage> {
    const undoFile = await undoFileOf(file.name)
    await this.image.addName(await nameBeside(this.path, file.name))
    await removeUndoFiles(file.name)
    const log = this.#open.use(await newLog(undoFile, file, this.#parts))
    await syncFolder(dirname(undoFile))
    return log
  }
}

async function newLog(undoFile: string, image: Storage, parts: Pick<Parts, 'openFile'>): Promise<Storage> {
  try {
    return await parts.openFile(undoFile, 'create')
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    // Another has been quicker.
    if (error.code === 'exists') throw beingChanged(image.name)
    const message = `${image.name} cannot be changed, because the file that could undo it cannot be made: ${error.message} Nothing was changed.`
    throw new SpindleError(error.code, message, { path: image.name, cause: error })
  }
}
