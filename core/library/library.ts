// The library: places the user has added, and the volumes in them, told as events.

import { resolve, sep } from 'node:path'
import type { ImageDriver } from '../image/driver.ts'
import type { LibraryEvent } from '../model/library.ts'
import { Outbox } from './outbox.ts'
import { Place } from './place.ts'
import type { Rhythm } from './place.ts'

const USUAL_RHYTHM: Rhythm = { checkInterval: 2000, lookInterval: 10_000, deaf: false }

export interface LibraryOptions {
  readonly drivers: readonly ImageDriver[]
  /** Called with everything there is to tell, in order. Rows are told once and then as they change. */
  readonly emit: (event: LibraryEvent) => void
  /** Called with the path of an image whose move to another name has not come to its end. */
  readonly halfMoved?: (path: string) => void
  readonly rhythm?: Rhythm
}

export interface Library {
  /**
   * Absolute paths of folders and files to show, replacing those before; one inside another shows its rows as its own.
   * Returns once they are noted: a place's state tells when it has been looked through.
   */
  setPlaces(paths: readonly string[]): Promise<void>
  /** Reads and tells everything again; returns when that is done. */
  rescan(): Promise<void>
  /** Every folder that is shown. */
  folders(): readonly string[]
  /** Lets go of every folder. Nothing is told any more. */
  close(): Promise<void>
}

export function createLibrary({ drivers, emit, halfMoved, rhythm = USUAL_RHYTHM }: LibraryOptions): Library {
  const places = new Map<string, Place>()
  const outbox = new Outbox(emit, () => [...places.values()].map((place) => place.facts()))
  const isPlace = (path: string): boolean => places.has(path)
  const around = (path: string): readonly Place[] =>
    [...places.values()].filter((place) => path !== place.path && isInside(path, place.path))

  const timer = setInterval(() => {
    for (const place of places.values()) void place.check()
  }, rhythm.checkInterval)
  timer.unref()

  async function setPlaces(paths: readonly string[]): Promise<void> {
    const wanted = new Set(paths.map((path) => resolve(path)))
    const left = [...places.values()].filter((place) => !wanted.has(place.path))
    const added = [...wanted].filter((path) => !places.has(path))
    for (const place of left) places.delete(place.path)
    // Rows are taken back before anyone else may tell them as theirs.
    const closing = left.map((place) => place.close())
    for (const path of added) {
      for (const place of around(path)) place.yieldTo(path)
      places.set(path, new Place(path, { drivers, outbox, isPlace, rhythm, ...(halfMoved && { halfMoved }) }))
    }
    for (const { path } of left) for (const place of around(path)) place.look(path)
    for (const path of added) void places.get(path)?.scan({ again: false })
    outbox.placesChanged()
    await Promise.all(closing)
  }

  return {
    setPlaces,
    async rescan() {
      await Promise.all([...places.values()].map((place) => place.scan({ again: true })))
      outbox.flush()
    },
    folders: () => [...new Set([...places.values()].flatMap((place) => place.folders()))],
    async close() {
      clearInterval(timer)
      outbox.close()
      await Promise.all([...places.values()].map((place) => place.close()))
    },
  }
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
