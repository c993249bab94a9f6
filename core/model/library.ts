// Places and the volumes found in them.

import type { ErrorData } from './error.ts'
import type { FormatId } from './image.ts'

/** A folder, or a single file, that the library shows. */
export interface PlaceFacts {
  readonly path: string
  readonly kind: 'folder' | 'file'
  readonly state: 'scanning' | 'watching' | 'missing'
  readonly volumeCount: number
  /** Bytes of the file system the place is on; absent while the place is missing. */
  readonly space?: SpaceFacts
  /** Why the place, or the first folder in it for which that is so, cannot be looked into. */
  readonly error?: ErrorData
}

/** All in bytes. */
export interface SpaceFacts {
  readonly total: number
  readonly free: number
}

/** One row of the library. What cannot be opened is a row too, with the reason. */
export interface VolumeFacts {
  readonly path: string
  /** The place it was found in. */
  readonly place: string
  /** Path below the place, as shown: `base/debian12.qcow2`. */
  readonly name: string
  readonly format?: FormatId
  readonly virtualSize?: number
  readonly allocatedSize: number
  readonly fileSize: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
  /** Backing file as written in the image. */
  readonly backing?: string
  readonly snapshotCount: number
  readonly error?: ErrorData
}

export type LibraryEvent =
  | { readonly kind: 'places'; readonly places: readonly PlaceFacts[] }
  /** New or changed rows, at most 100 in one event. */
  | { readonly kind: 'volumes'; readonly volumes: readonly VolumeFacts[] }
  | { readonly kind: 'removed'; readonly paths: readonly string[] }
