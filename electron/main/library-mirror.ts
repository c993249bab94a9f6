// What the engine's library holds, with ids in place of paths, so that the page can ask for it in pages of rows.

import type { Events } from '../contract/api.ts'
import type { Place, Volume } from '../contract/data.ts'
import { assertNever, type LibraryEvent, type PlaceFacts, type VolumeFacts } from '../../core/model/index.ts'
import type { Grants } from './grants.ts'
import { shortPath } from './paths.ts'

export type EmitToPage = <Name extends keyof Events>(name: Name, value: Events[Name]) => void

/** Rows in one event and in one answer: small enough that a window never stalls on one. */
export const ROWS_AT_ONCE = 100

export class LibraryMirror {
  readonly #grants: Grants
  readonly #emit: EmitToPage
  #places: readonly Place[] = []
  readonly #rows: Volume[] = []
  readonly #indexByPath = new Map<string, number>()

  constructor(grants: Grants, emit: EmitToPage) {
    this.#grants = grants
    this.#emit = emit
  }

  get places(): readonly Place[] {
    return this.#places
  }

  get volumeCount(): number {
    return this.#rows.length
  }

  volumes(start: number): readonly Volume[] {
    return this.#rows.slice(start, start + ROWS_AT_ONCE)
  }

  /** The row of a file that the library shows. */
  find(path: string): Volume | undefined {
    const index = this.#indexByPath.get(path)
    return index === undefined ? undefined : this.#rows[index]
  }

  receive(event: LibraryEvent): void {
    switch (event.kind) {
      case 'places':
        this.#grants.keepPlaces(event.places)
        this.#places = event.places.map((place) => this.#place(place))
        this.#emit('places', this.#places)
        return
      case 'volumes':
        this.#emitRows(event.volumes.map((facts) => this.#put(facts)))
        return
      case 'removed':
        this.#remove(event.paths)
        return
      default:
        assertNever(event)
    }
  }

  /** Forgets every row; a new engine will tell them again. */
  clear(): void {
    this.#remove([...this.#indexByPath.keys()])
  }

  #place(facts: PlaceFacts): Place {
    return { ...facts, id: this.#grants.place(facts.path), label: shortPath(facts.path) }
  }

  #put(facts: VolumeFacts): Volume {
    const volume: Volume = {
      ...facts,
      id: this.#grants.volume(facts.path, 'library'),
      place: this.#grants.place(facts.place),
    }
    const index = this.#indexByPath.get(facts.path) ?? this.#rows.length
    this.#indexByPath.set(facts.path, index)
    this.#rows[index] = volume
    return volume
  }

  /**
   * The last row takes the place of a removed one, and is told again: a page that is half-way through asking
   * for rows may have passed that place already, and must not miss it.
   */
  #remove(paths: readonly string[]): void {
    const removed: Volume[] = []
    const moved = new Set<Volume>()
    for (const path of paths) {
      const index = this.#indexByPath.get(path)
      const last = this.#rows.at(-1)
      const row = index === undefined ? undefined : this.#rows[index]
      if (index === undefined || !row || !last) continue
      this.#rows.pop()
      this.#indexByPath.delete(path)
      moved.delete(row)
      if (last !== row) {
        this.#rows[index] = last
        this.#indexByPath.set(last.path, index)
        moved.add(last)
      }
      this.#grants.releaseVolume(path)
      removed.push(row)
    }
    for (const part of parts(removed)) {
      this.#emit(
        'volumesRemoved',
        part.map(({ id }) => id),
      )
    }
    this.#emitRows([...moved])
  }

  #emitRows(volumes: readonly Volume[]): void {
    for (const part of parts(volumes)) this.#emit('volumes', part)
  }
}

function parts<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / ROWS_AT_ONCE)
  return Array.from({ length: count }, (_, index) => all.slice(index * ROWS_AT_ONCE, (index + 1) * ROWS_AT_ONCE))
}
