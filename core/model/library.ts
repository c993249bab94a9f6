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
  /** Where that leads to, when it names a local file; it need not be there. */
  readonly backingPath?: string
  /** What the image below must call itself. */
  readonly backingIdentity?: string
  /** What images on top of this one know it by, where its format has such a thing. */
  readonly identity?: string
  /** Absolute paths of the other files it is made of; they are no rows of their own. */
  readonly members?: readonly string[]
  /** Of its file, on its file system. */
  readonly inode?: string
  /** Absolute path of the image it lies on, by whatever name it was found. Absent where there is none to be found. */
  readonly parent?: string
  /** It lies on an image that is not there. */
  readonly parentMissing?: boolean
  /** How many rows lie on this one. */
  readonly overlayCount?: number
  /** Who has it open, as far as can be told. */
  readonly inUse?: HolderFacts
  readonly snapshotCount: number
  /** Nothing in it can be read without its passphrase. */
  readonly encrypted?: boolean
  readonly error?: ErrorData
}

/** A program that has locked an image. */
export interface HolderFacts {
  /** Absent where it belongs to someone whose processes are not ours to see. */
  readonly process?: number
  readonly program?: string
  readonly user?: string
  /** The virtual machine it runs. */
  readonly machine?: string
}

export type LibraryEvent =
  | { readonly kind: 'places'; readonly places: readonly PlaceFacts[] }
  /** New or changed rows, at most 100 in one event. */
  | { readonly kind: 'volumes'; readonly volumes: readonly VolumeFacts[] }
  | { readonly kind: 'removed'; readonly paths: readonly string[] }
