// The other end of the library: keeps what it was told, and waits until that is as a test expects.

import type { LibraryEvent, PlaceFacts, VolumeFacts } from '../../core/model/library.ts'

export class Listener {
  readonly events: LibraryEvent[] = []
  readonly rows = new Map<string, VolumeFacts>()
  places: readonly PlaceFacts[] = []
  readonly #waiting = new Set<() => void>()

  readonly emit = (event: LibraryEvent): void => {
    this.events.push(event)
    if (event.kind === 'places') this.places = event.places
    if (event.kind === 'volumes') for (const volume of event.volumes) this.rows.set(volume.path, volume)
    if (event.kind === 'removed') for (const path of event.paths) this.rows.delete(path)
    for (const check of this.#waiting) check()
  }

  /** Names of all rows as shown, in order. */
  names(): readonly string[] {
    return [...this.rows.values()].map((row) => row.name).toSorted()
  }

  /** Returns at the first event after which `condition` holds; at once when it holds already. */
  async until(condition: () => boolean): Promise<void> {
    await new Promise<void>((done) => {
      const check = (): void => {
        if (!condition()) return
        this.#waiting.delete(check)
        done()
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Returns once every place is looked through, or known to be missing. */
  async settled(): Promise<void> {
    await this.until(() => this.places.length > 0 && this.places.every((place) => place.state !== 'scanning'))
  }
}
