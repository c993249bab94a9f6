// The volumes of the library that lie on others, kept from what it tells.

import type { LibraryEvent } from '../model/library.ts'

export class Overlays {
  readonly #paths = new Set<string>()

  note(event: LibraryEvent): void {
    if (event.kind === 'removed') for (const path of event.paths) this.#paths.delete(path)
    if (event.kind !== 'volumes') return
    for (const { path, backing } of event.volumes) {
      if (backing === undefined) this.#paths.delete(path)
      else this.#paths.add(path)
    }
  }

  /** Absolute, as far as the places have been looked through. */
  paths(): readonly string[] {
    return [...this.#paths]
  }
}
