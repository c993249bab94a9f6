// Changing which image lies below an open one, and dropping what covers it.

import type { BackingLink } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { dropFrom } from './cut.ts'
import { backingNameProblem, encodeWithBacking } from './header.ts'
import { FEATURE } from './layout.ts'
import { packClusters } from './pack.ts'
import type { QedFile } from './qed-file.ts'
import type { QedWriter } from './writer.ts'

export class QedBackingLink implements BackingLink {
  readonly #file: QedFile
  readonly #writer: QedWriter

  constructor(file: QedFile, writer: QedWriter) {
    this.#file = file
    this.#writer = writer
  }

  async setBacking(backing: BackingRef | undefined): Promise<void> {
    const { storage } = this.#file
    const problem = backing && backingNameProblem(backing)
    if (problem !== undefined)
      throw new SpindleError('unsupported', `${problem} Nothing was changed.`, { path: storage.name })
    await this.#writer.flush()
    await this.#writer.finish()
    const { header } = this.#file
    const hasOld = (header.features & FEATURE.backing) !== 0n
    const old = hasOld ? header.backing_filename_offset + header.backing_filename_size : 0
    // In one piece, and nothing of a longer name is left behind it.
    await storage.write(0, encodeWithBacking({ ...header, autoclear_features: 0n }, backing, old))
    await storage.flush()
  }

  async empty(pace?: Pace): Promise<void> {
    await this.#writer.flush()
    await dropFrom(this.#file, 0)
    await packClusters(this.#file, pace)
  }
}
