// A disk of which not everything can be read, seen as one that can: what is lost reads as zeros, and is noted.

import { SpindleError } from '../model/error.ts'
import type { ErrorCode } from '../model/error.ts'
import type { Details, FormatId } from '../model/image.ts'
import { KiB, roundDown } from '../model/units.ts'
import type { Segment, Storage } from '../storage/storage.ts'
import type { ImageLayer } from './driver.ts'
import type { Extent } from './extent.ts'
import type { VirtualDisk } from './virtual-disk.ts'

/** Bytes of the disk that could not be read. */
export interface LostRange {
  readonly offset: number
  readonly length: number
  /** Why. */
  readonly message: string
}

/** What a device gives up at once. */
const SECTOR = 512
/** Where a table cannot be read, the disk is gone through in steps of this. */
const STEP = 64 * KiB

/** Faults of the medium and damaged bytes; everything else is no reason to go on. */
const DAMAGE = new Set<ErrorCode>(['io', 'invalid-image'])

/** Read only. Closing it closes the disk. */
export class SalvagedLayer implements ImageLayer {
  readonly format: FormatId
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize = 1
  readonly files: readonly Storage[]
  readonly #disk: VirtualDisk
  readonly #content: SalvagedStorage

  constructor(disk: VirtualDisk) {
    this.format = disk.top.format
    this.storage = disk.top.storage
    this.virtualSize = disk.size
    this.files = disk.layers.flatMap((layer) => [layer.storage, ...(layer.files ?? [])]).slice(1)
    this.#disk = disk
    this.#content = new SalvagedStorage(disk)
  }

  /** In order, those that touch each other joined. */
  get lost(): readonly LostRange[] {
    return this.#content.lost()
  }

  async describe(): Promise<Details> {
    return this.#disk.top.describe()
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const content = (start: number, size: number): Extent => {
      return { kind: 'data', length: size, storage: this.#content, offset: start }
    }
    try {
      let position = offset
      return (await this.#disk.map(offset, length)).map((extent): Extent => {
        const start = position
        position += extent.length
        const isData = extent.kind === 'data' || extent.kind === 'packed'
        return isData ? content(start, extent.length) : { kind: 'zero', length: extent.length }
      })
    } catch (error) {
      if (!isDamage(error)) throw error
      // Reading it finds out what of it can be had.
      return [content(offset, Math.min(length, STEP - (offset % STEP)))]
    }
  }

  async close(): Promise<void> {
    await this.#disk.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function isDamage(error: unknown): error is SpindleError {
  return error instanceof SpindleError && DAMAGE.has(error.code)
}

/** The bytes of the disk by guest offset. Without a descriptor: every byte comes through here. */
class SalvagedStorage implements Storage {
  readonly name: string
  readonly writable = false
  readonly identity: string
  readonly #disk: VirtualDisk
  /** Why a sector could not be read, by its offset: it may be read twice. */
  readonly #lost = new Map<number, { readonly length: number; readonly message: string }>()

  constructor(disk: VirtualDisk) {
    this.name = disk.top.storage.name
    this.identity = `${disk.top.storage.identity} salvaged`
    this.#disk = disk
  }

  lost(): readonly LostRange[] {
    const ranges: LostRange[] = []
    for (const [offset, { length, message }] of [...this.#lost].toSorted(([a], [b]) => a - b)) {
      const last = ranges.at(-1)
      if (last && last.offset + last.length === offset) {
        ranges[ranges.length - 1] = { ...last, length: last.length + length }
      } else {
        ranges.push({ offset, length, message })
      }
    }
    return ranges
  }

  async size(): Promise<number> {
    return this.#disk.size
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#disk.size - offset))
    await this.#readPiece(offset, into.subarray(0, length))
    return length
  }

  /** What cannot be read as a whole is read by halves, down to single sectors. */
  async #readPiece(offset: number, into: Uint8Array): Promise<void> {
    try {
      await this.#disk.read(offset, into)
    } catch (error) {
      if (!isDamage(error)) throw error
      const middle = roundDown(offset + into.length / 2, SECTOR)
      const first = roundDown(offset, SECTOR) + SECTOR
      const end = offset + into.length
      if (first >= end) {
        into.fill(0)
        this.#lost.set(offset, { length: into.length, message: error.message })
        return
      }
      const cut = Math.max(first, middle) - offset
      await this.#readPiece(offset, into.subarray(0, cut))
      await this.#readPiece(offset + cut, into.subarray(cut))
    }
  }

  async segment(offset: number): Promise<Segment> {
    return { hole: false, length: this.#disk.size - offset }
  }

  async allocatedSize(): Promise<number> {
    return this.#disk.top.storage.allocatedSize()
  }

  async write(): Promise<void> {
    throw readOnly()
  }
  async discard(): Promise<void> {
    throw readOnly()
  }
  async zero(): Promise<void> {
    throw readOnly()
  }
  async allocate(): Promise<void> {
    throw readOnly()
  }
  async truncate(): Promise<void> {
    throw readOnly()
  }
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

function readOnly(): SpindleError {
  return new SpindleError('internal', 'what is being saved from a damaged disk was written to')
}
