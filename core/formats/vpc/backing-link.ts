// The parent of a differencing disk: its data can go there, but which disk it is stays as it is written.

import type { BackingLink } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import { findAllocated } from './allocated.ts'
import { usedEnd } from './compact.ts'
import { dropBlocks } from './drop.ts'
import { writeFooters } from './footer-change.ts'
import type { ImageFile } from './image-file.ts'
import type { Opened } from './open.ts'
import type { BlockWriter } from './writer.ts'

export class BlockBackingLink implements BackingLink {
  readonly byIdentity = true
  readonly #file: ImageFile
  readonly #opened: Opened
  readonly #writer: BlockWriter

  constructor(file: ImageFile, opened: Opened, writer: BlockWriter) {
    this.#file = file
    this.#opened = opened
    this.#writer = writer
  }

  async setBacking(): Promise<void> {
    const { name } = this.#file.storage
    throw new SpindleError(
      'unsupported',
      `${name} knows its parent by what that calls itself, which Spindle does not change. Nothing was changed. Convert it to qcow2 to give it another one.`,
      { path: name },
    )
  }

  async empty(pace?: Pace): Promise<void> {
    await this.#writer.flush()
    await dropBlocks(this.#file, 0, pace)
    const end = usedEnd(this.#file, await findAllocated(this.#file))
    await writeFooters(this.#file.storage, this.#opened.footer, end)
  }
}
