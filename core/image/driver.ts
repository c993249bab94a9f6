// The contract every format fulfils. A driver never reads or writes guest data: it says where the data is.

import type { CodecId } from '../codec/codec.ts'
import type { BackingRef, BitmapFacts, Capabilities, Details, FormatId } from '../model/image.ts'
import type { ErrorData } from '../model/error.ts'
import type { Pace } from '../jobs/pace.ts'
import type { OptionTable, OptionValues } from '../model/option.ts'
import type { KeySlots } from '../crypto/key-slots.ts'
import type { Secrets } from '../crypto/secrets.ts'
import type { Storage } from '../storage/storage.ts'
import type { Extent } from './extent.ts'
import type {
  Amender,
  BackingLink,
  BitmapTable,
  Checker,
  CostTable,
  FileMap,
  Resizer,
  SnapshotTable,
} from './facets.ts'
import type { StateRun } from './state-run.ts'

/** How sure a driver is that a file is its own: 0 not at all, 100 its signature is there. */
export type Confidence = number

export type Access = 'read' | 'write'

/** The only way from one file to a second: what may be opened is decided here, never in a driver. */
export interface OpenGate {
  /** Opens the file that `from` names as `reference`. Throws `missing-file` when it cannot be opened. */
  open(reference: string, from: Storage, access: Access): Promise<Storage>
  /**
   * Makes a new empty file beside `from`. Throws `exists` rather than touching one that is there. Whoever owns the gate
   * closes the file: it belongs to the image being made, not to its builder.
   */
  create(reference: string, from: Storage): Promise<Storage>
  /**
   * Where only one image is looked at and all else stays closed: opens a file that holds a part of it, by a name in the
   * folder of `from`, for reading. Absent, `open` does.
   */
  openPart?(name: string, from: Storage): Promise<Storage>
  /** Who knows the passphrases of what is encrypted; left out, nobody does, and such images can only be described. */
  readonly secrets?: Secrets | undefined
}

export interface CreateSpec {
  /** Bytes. */
  readonly virtualSize: number
  /** Checked against the driver's option table; what is left out takes its default. */
  readonly options: OptionValues
  readonly backing?: BackingRef
  /** What the file will be called, which files beside it are named after. Left out, it is as the storage is. */
  readonly fileName?: string
  /** Whether data will be packed; false makes a builder without `pack`. */
  readonly compress?: boolean
  /** Nothing will be placed: where zeros would have to be written everywhere, the new disk may read as anything. */
  readonly blank?: boolean
  /** Called while room is being written or reserved in advance, with the bytes done. */
  readonly pace?: Pace
}

/** Predicted sizes in bytes, in qemu-img measure's words. */
export interface Measurement {
  /** File length once `data` bytes are written. */
  readonly required: number
  /** File length when the guest has written everywhere. */
  readonly fullyAllocated: number
  /** Bytes in use on disk right after creation, with no data yet. */
  readonly initial: number
}

export interface ImageDriver {
  readonly format: FormatId
  /** As people write it: QCOW2. */
  readonly title: string
  /** Without dot; the first is the one given to new files. */
  readonly extensions: readonly string[]
  readonly capabilities: Capabilities
  readonly options: OptionTable
  /** `head` and `tail` are up to 4096 bytes from either end of the file. */
  probe(head: Uint8Array, tail: Uint8Array, fileSize: number): Confidence
  /** The layer takes the storage over and closes it. Throws `invalid-image` or `unsupported`; closes nothing when it throws. */
  open(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer>
  /** Starts a new image in an empty storage. Throws `invalid-argument` for options that contradict each other. */
  build(storage: Storage, spec: CreateSpec, gate: OpenGate): Promise<ImageBuilder>
  /** The unit of allocation of such an image, in bytes: what `data` of measure() is counted in. Left out, 64 KiB. */
  blockSize?(spec: CreateSpec): number
  /** Whether images with these options hold nothing but packed data, so that they are built with `compress`. */
  packs?(options: OptionValues): boolean
  /** Names that the image would have, beside it, which a file called `fileName` is a part of; none for most files. */
  leadersOf?(fileName: string): readonly string[]
  /** Whether `storage` is an image that names the file `fileName` beside it as a part of itself. */
  leads?(storage: Storage, fileName: string): Promise<boolean>
  /** Sizes for `data` bytes of guest data, spread as whole clusters. */
  measure(spec: CreateSpec, data: number): Measurement
  /** Bytes that bitmaps of these kinds take in the file at most; undefined when such an image cannot have any. */
  measureBitmaps?(spec: CreateSpec, bitmaps: readonly BitmapFacts[]): number | undefined
  /**
   * Absent where the format has nothing to check. Throws `invalid-image` or `unsupported` when the header makes no
   * sense; tables may be damaged beyond opening. The storage stays the caller's, who closes it. Files
   * of an image that has several are opened through the gate while it works, and closed again.
   */
  checker?(storage: Storage, gate?: OpenGate): Promise<Checker>
}

/** An opened image file. Knows nothing of the layers below it. */
export interface ImageLayer extends AsyncDisposable {
  readonly format: FormatId
  readonly storage: Storage
  /** Bytes. */
  readonly virtualSize: number
  /** Unit of allocation in bytes; 1 where any range may be written alone. */
  readonly blockSize: number
  readonly backing?: BackingRef
  /** What images on top of this one know it by, where the format has such a thing: compared with their `backing.identity`. */
  readonly identity?: string
  /** Other files this image is made of (extents, data file), which the layer holds open and closes. */
  readonly files?: readonly Storage[]
  /** Whether much of what `map` calls data may be holes of the file. Left out, that is not so. */
  isHollow?(): Promise<boolean>
  /** An image that cannot be read can still be described. `map` throws this. */
  readonly unreadable?: ErrorData
  describe(): Promise<Details>
  /**
   * Where the bytes from `offset` on are, in this layer alone: at least one extent, in order and without gaps, the
   * first one starting at `offset`, together at most `length` bytes. May answer for less, as much as is convenient
   * (one table, say): ask again from there. Neighbours that continue each other are one extent.
   * 0 <= offset < virtualSize, 0 < length <= virtualSize - offset.
   */
  map(offset: number, length: number): Promise<readonly Extent[]>
  /**
   * The same without the places, for drawing a picture: neighbours in the same state are one run wherever they lie, and
   * what is damaged is answered instead of thrown. Left out, `map` is asked.
   */
  states?(offset: number, length: number): Promise<readonly StateRun[]>
  /** What lies where in the image's own file, for formats that can tell. */
  readonly fileMap?: FileMap
  readonly writer?: LayerWriter
  /** Why there is no `writer` although the image was opened for writing. */
  readonly unwritable?: ErrorData
  readonly snapshots?: SnapshotTable
  readonly bitmaps?: BitmapTable
  /** Only where there may be snapshots, and in a layer that is open for reading. */
  readonly costs?: CostTable
  /** Only in a layer that is open for writing. */
  readonly resizer?: Resizer
  /** Only in a layer that is open for writing, of a format with backing files. */
  readonly backingLink?: BackingLink
  readonly amender?: Amender
  /** Only in an unlocked layer that is open for writing. */
  readonly keySlots?: KeySlots
  close(): Promise<void>
}

/**
 * Changes where bytes are, in three steps: reserve room, fill it, link it. Nothing points at new room before `link`,
 * so a crash may leak space but never shows stale data. Calls must not overlap: VirtualDisk sees to that.
 */
export interface LayerWriter {
  /** Room that starts at or before `offset` and holds at least its byte; covers as much of `length` as lies together. */
  reserve(offset: number, length: number): Promise<Room>
  /**
   * Makes guest bytes read as zeros from `offset` on, without data. Returns how many bytes that worked for: 0 when
   * zeros must be written instead (a partial block, or a format without zero blocks above a backing file).
   * `unmap` gives the room back where the format can.
   */
  zero(offset: number, length: number, unmap: boolean): Promise<number>
  /** Tells that the guest no longer needs these bytes. Returns how many were handled; it may be none. */
  discard(offset: number, length: number): Promise<number>
  /** Present where whole blocks may be packed. */
  readonly packing?: {
    readonly codec: CodecId
    /** Guest bytes that are packed together: the last block of a disk is filled up with zeros. */
    readonly blockSize: number
    /** Puts down what the block at `offset` was packed to, fewer bytes than it, and links it. */
    write(offset: number, packed: Uint8Array): Promise<void>
  }
  /** Returns when data and tables are durable, in the order that makes every moment before a consistent image. */
  flush(): Promise<void>
}

export interface Room {
  /** First guest byte of the room, <= the offset asked for. */
  readonly start: number
  /** Guest bytes; ends on a block boundary or at the virtual size. */
  readonly length: number
  readonly storage: Storage
  /** Where guest byte `start` goes. */
  readonly offset: number
  /** True when the room already holds these guest bytes: write what changes. False: fill all of it, then link. */
  readonly linked: boolean
  /** Makes the room the place of its guest bytes. Does nothing when `linked`. */
  link(): Promise<void>
}

/**
 * Builds a new image front to back for bulk writing. Placement is synchronous and free of I/O; the copier moves the
 * bytes. The image is not one before `finish`: its header is written last, so a cut-off file never opens as whole.
 */
export interface ImageBuilder {
  /** Placements start on multiples of this and cover whole blocks, but at the end of the disk. Bytes. */
  readonly blockSize: number
  /** No two blocks lie together (there are tables between them): each is placed by a call of its own. */
  readonly placesSingly?: boolean
  /** Where data goes. Nothing written here yet reads as anything but zeros. */
  readonly storage: Storage
  /** Host offset for the guest bytes; all of them lie together there. Offsets must ascend from call to call. */
  place(offset: number, length: number): number
  /** These bytes are zeros, and nothing below may shine through. Offsets must ascend. */
  placeZero(offset: number, length: number): void
  /** Present when the image is to be packed: units of one block. */
  readonly packing?: {
    readonly codec: CodecId
    readonly level?: number
    /** Blocks that do not become smaller are packed as well: such an image has no other form. */
    readonly required?: boolean
    /** Room for one packed block of `packedLength` < blockSize bytes, or a little more where `required`. Offsets must ascend. */
    place(offset: number, packedLength: number): number
  }
  /** Lets the builder write out tables it is done with; to be called now and then, so memory stays bounded. */
  drain(): Promise<void>
  /** Writes what is left, header last, and flushes. */
  finish(): Promise<void>
}
