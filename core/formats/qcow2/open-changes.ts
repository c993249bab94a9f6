// The changes of one open image, begun when something is to be changed for the first time, and shared by all who change it.

import { Changes } from './changes.ts'
import type { ImageFile } from './image-file.ts'

export class OpenChanges {
  readonly #file: ImageFile
  #changes: Changes | undefined

  constructor(file: ImageFile) {
    this.#file = file
  }

  /** Throws `invalid-image` when the tables cannot be trusted. */
  async changes(): Promise<Changes> {
    this.#changes ??= await Changes.begin(this.#file)
    return this.#changes
  }
}
