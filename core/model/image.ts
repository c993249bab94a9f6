// Plain facts about images: what can be said of one without holding it open.

import type { ErrorData } from './error.ts'

/** qemu's names for the formats, as in `-f qcow2`. */
export const FORMAT_IDS = [
  'raw',
  'qcow2',
  'qed',
  'vdi',
  'vmdk',
  'vpc',
  'vhdx',
  'parallels',
  'qcow',
  'dmg',
  'luks',
  'cloop',
  'bochs',
] as const
export type FormatId = (typeof FORMAT_IDS)[number]

/** What a format can do at best; an opened image may offer less, never more. */
export interface Capabilities {
  readonly create: boolean
  readonly write: boolean
  readonly backing: boolean
  readonly compress: boolean
  readonly snapshots: boolean
  /** Another size of the disk, in the image as it is. */
  readonly resize: boolean
  /** Dirty bitmaps inside its files. */
  readonly bitmaps: boolean
}

export interface BackingRef {
  /** As written in the image; relative names are relative to the image's folder. `uuid:…` where it holds no name. */
  readonly path: string
  /** Further names the image has for the same file: tried in turn when it is not there by the one before. */
  readonly alternatives?: readonly string[]
  readonly format?: string
  /** What the file below must say of itself; another file by that name is not the one that is meant. */
  readonly identity?: string
}

export interface SnapshotFacts {
  readonly id: string
  readonly name: string
  /** Bytes of saved machine state; 0 for a disk-only snapshot. */
  readonly vmStateSize: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly nanoseconds: number
  readonly vmClockNanoseconds: number
  readonly icount?: number
  /** Virtual size at that time in bytes, where the image records it. */
  readonly virtualSize?: number
}

export interface BitmapFacts {
  readonly name: string
  /** Bytes one bit stands for. */
  readonly granularity: number
  readonly flags: readonly ('in-use' | 'auto')[]
}

/** One of the places for passphrases in an encrypted image. */
export interface KeySlotFacts {
  readonly slot: number
  readonly active: boolean
  /** What trying a passphrase costs. */
  readonly iterations?: number
}

/** What a format says of itself beyond the facts all share; `info` prints it, the inspector shows it. */
export interface Details {
  /** Clusters, grains or blocks: the unit of allocation in bytes. */
  readonly clusterSize?: number
  readonly encrypted?: boolean
  readonly compressed?: boolean
  readonly dirty?: boolean
  readonly corrupt?: boolean
  readonly snapshots?: readonly SnapshotFacts[]
  /** Empty where there could be some. */
  readonly bitmaps?: readonly BitmapFacts[]
  /** qemu-img's `format-specific` data: its keys, its order. */
  readonly specific?: Readonly<Record<string, unknown>>
  /** Other files this image is made of, as written in it. */
  readonly dataFile?: string
  /** What of all this could not be read, and why: one sentence each. */
  readonly warnings?: readonly string[]
}

/** One of the files an image is made of. */
export interface FileFacts {
  readonly path: string
  /** Bytes. */
  readonly fileSize: number
  readonly allocatedSize: number
}

/** One image as `inspect` finds it. */
export interface ImageFacts {
  readonly path: string
  readonly format: FormatId
  readonly virtualSize: number
  /** Bytes the file system gives to it, all its files together. */
  readonly allocatedSize: number
  /** Length of its files in bytes. */
  readonly fileSize: number
  /** Where it is in several files: the one at `path`, then the others. */
  readonly files?: readonly FileFacts[]
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
  readonly backing?: BackingRef
  /** What images on top of this one know it by, where its format has such a thing. */
  readonly identity?: string
  /** Where the backing name leads to, when it names a local file. */
  readonly backingPath?: string
  readonly details: Details
  /** What the file may be although it was taken for raw: told, never chosen. */
  readonly suggested?: FormatId
  /** Present when the guest's data cannot be read; the rest still holds as far as the header tells. */
  readonly unreadable?: ErrorData
}

/** One row of `map`: guest bytes that are in the same state. Offsets and lengths in bytes. */
export interface MapRow {
  readonly start: number
  readonly length: number
  /** 0 is the image itself, 1 its backing file, and so on. */
  readonly depth: number
  /** False where no layer has anything: reads as zeros. */
  readonly present: boolean
  readonly zero: boolean
  readonly data: boolean
  readonly compressed: boolean
  /** Host offset, for plain data only. */
  readonly offset?: number
  /** The file `offset` lies in. */
  readonly path?: string
}
