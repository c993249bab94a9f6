// Rows on their way to the window: gathered for a moment, told in small events.

import type { LibraryEvent, PlaceFacts, VolumeFacts } from '../model/library.ts'

/** Rows in one event: few enough that the window never stumbles over one. */
const BATCH = 100
/** Milliseconds rows wait for others to go with them. */
const GATHERING = 50

export class Outbox {
  readonly #emit: (event: LibraryEvent) => void
  readonly #places: () => readonly PlaceFacts[]
  /** What is new of a path; undefined says it is gone. */
  readonly #rows = new Map<string, VolumeFacts | undefined>()
  #placesChanged = false
  #closed = false
  #timer: NodeJS.Timeout | undefined

  constructor(emit: (event: LibraryEvent) => void, places: () => readonly PlaceFacts[]) {
    this.#emit = emit
    this.#places = places
  }

  volume(volume: VolumeFacts): void {
    this.#put(volume.path, volume)
  }

  removed(path: string): void {
    this.#put(path, undefined)
  }

  placesChanged(): void {
    this.#placesChanged = true
    this.#wait()
  }

  /** Tells everything that waits. */
  flush(): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const volumes = [...this.#rows.values()].filter((volume) => volume !== undefined)
    const removed = [...this.#rows.keys()].filter((path) => this.#rows.get(path) === undefined)
    this.#rows.clear()
    for (const paths of batches(removed)) this.#emit({ kind: 'removed', paths })
    for (const batch of batches(volumes)) this.#emit({ kind: 'volumes', volumes: batch })
    if (this.#placesChanged) {
      this.#placesChanged = false
      this.#emit({ kind: 'places', places: this.#places() })
    }
  }

  /** Forgets what waits, and tells nothing from now on. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #put(path: string, volume: VolumeFacts | undefined): void {
    // Taken out first, so that a row told anew goes to the end of the line.
    this.#rows.delete(path)
    this.#rows.set(path, volume)
    this.#placesChanged = true
    if (this.#rows.size >= BATCH) this.flush()
    else this.#wait()
  }

  #wait(): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.flush(), GATHERING)
  }
}

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += BATCH) yield all.slice(at, at + BATCH)
}
