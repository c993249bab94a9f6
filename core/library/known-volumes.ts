// The volumes of the library by path, and those of them that lie on others, kept from what it tells.

import type { LibraryEvent } from '../model/library.ts'

/** All paths are absolute; complete as far as the places have been looked through. */
export class KnownVolumes {
  readonly #paths = new Set<string>()
  readonly #overlays = new Set<string>()

  note(event: LibraryEvent): void {
    if (event.kind === 'removed') {
      for (const path of event.paths) {
        this.#paths.delete(path)
        this.#overlays.delete(path)
      }
    }
    if (event.kind !== 'volumes') return
    for (const { path, backing } of event.volumes) {
      this.#paths.add(path)
      if (backing === undefined) this.#overlays.delete(path)
      else this.#overlays.add(path)
    }
  }

  paths(): readonly string[] {
    return [...this.#paths]
  }

  overlays(): readonly string[] {
    return [...this.#overlays]
  }
}
