// Changing which image lies below an open one, and dropping what covers it.

import type { BackingLink } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { cutFile, dropFrom } from './cut.ts'
import type { Extension } from './extensions.ts'
import { newHead, writeHead } from './head.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, EXTENSION, MAX_BACKING_FORMAT, MAX_BACKING_NAME } from './layout.ts'
import type { SnapshotWriting } from './snapshot-table.ts'

export class Qcow2BackingLink implements BackingLink {
  readonly #file: ImageFile
  readonly #writing: SnapshotWriting

  constructor(file: ImageFile, writing: SnapshotWriting) {
    this.#file = file
    this.#writing = writing
  }

  async setBacking(backing: BackingRef | undefined): Promise<void> {
    const { header } = this.#file
    if (backing && (header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n)
      throw this.#refusal('keeps its data in a raw file, which holds all of the disk: nothing can lie below it')
    const name = new TextEncoder().encode(backing?.path ?? '')
    if (name.length > MAX_BACKING_NAME)
      throw this.#refusal(
        `has no room for the name of that backing file: it is ${name.length} bytes long, and ${MAX_BACKING_NAME} fit`,
      )
    const change = { extensions: (old: readonly Extension[]) => changedExtensions(old, backing), backingName: name }
    const need = 'the name of that backing file'
    await newHead(this.#file, change, need)
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    await changes.whole(async () => writeHead(this.#file, change, need))
  }

  async empty(pace?: Pace): Promise<void> {
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    const work = { file: this.#file, changes, pace }
    await changes.whole(async () => {
      await dropFrom(work, 0)
      await cutFile(work)
    })
  }

  /** `what` is a clause that follows the path, without its full stop. */
  #refusal(what: string): SpindleError {
    const { name } = this.#file.storage
    return new SpindleError('unsupported', `${name} ${what}. Nothing was changed.`, { path: name })
  }
}

/** The format first, as QEMU has it; everything else stays as it is and in its order. */
function changedExtensions(old: readonly Extension[], backing: BackingRef | undefined): readonly Extension[] {
  const others = old.filter(({ type }) => type !== EXTENSION.backingFormat)
  if (backing?.format === undefined) return others
  const data = new TextEncoder().encode(backing.format).subarray(0, MAX_BACKING_FORMAT)
  return [{ type: EXTENSION.backingFormat, data }, ...others]
}
