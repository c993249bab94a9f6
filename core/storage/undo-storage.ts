// A storage that can be put back: it saves what is there before the first change of each block.

import type { Segment, Storage } from './storage.ts'
import { FIRST_RECORD, UNDO_BLOCK, appendRecord, completeUndoLog, rollBack, startUndoLog } from './undo-log.ts'

/** Saved blocks are gathered into records of at most this many bytes. */
const LARGEST_RECORD = 1024 * 1024

interface Range {
  readonly offset: number
  readonly end: number
}

/**
 * Wraps an image that is about to be changed in place. Until `complete` everything can be put back, by `rollBack` or,
 * after a crash, from the log alone. What frees room (discard, cutting the end) waits for `complete`, since freed bytes
 * could not be put back; nobody may rely on reading zeros from a range discarded here before that.
 */
export class UndoStorage implements Storage {
  readonly name: string
  readonly writable = true
  readonly identity: string
  readonly #image: Storage
  readonly #log: Storage
  readonly #sizeBefore: number
  readonly #saved = new Set<number>()
  #discards: Range[] = []
  #size: number
  #position = FIRST_RECORD

  private constructor(image: Storage, log: Storage, size: number) {
    this.#image = image
    this.#log = log
    this.#sizeBefore = size
    this.#size = size
    this.name = image.name
    this.identity = image.identity
  }

  /** The log must be new and empty. Neither storage is closed by this one. */
  static async over(image: Storage, log: Storage): Promise<UndoStorage> {
    await startUndoLog(log, image)
    return new UndoStorage(image, log, await image.size())
  }

  /** Nothing has been written, freed, grown or cut. */
  get isUnchanged(): boolean {
    return this.#saved.size === 0 && this.#discards.length === 0 && this.#size === this.#sizeBefore
  }

  async size(): Promise<number> {
    return this.#size
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#size - offset))
    return this.#image.read(offset, into.subarray(0, length))
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#beforeChange(offset, from.length)
    await this.#image.write(offset, from)
  }

  async zero(offset: number, length: number): Promise<void> {
    await this.#beforeChange(offset, length)
    await this.#image.zero(offset, length)
  }

  async allocate(offset: number, length: number): Promise<void> {
    if (offset > this.#size) await this.truncate(offset)
    await this.#image.allocate(offset, length)
    this.#size = Math.max(this.#size, offset + length)
  }

  async discard(offset: number, length: number): Promise<void> {
    if (offset + length > this.#size) await this.truncate(offset + length)
    this.#discards.push({ offset, end: offset + length })
  }

  async truncate(size: number): Promise<void> {
    // Beyond its old end the file may be cut at once; below that only at the end of the change.
    const real = Math.max(size, this.#sizeBefore)
    if (real !== (await this.#image.size())) await this.#image.truncate(real)
    if (size > this.#size && this.#size < this.#sizeBefore) {
      // Cut and grown again: what comes back must read as zeros, as in a file.
      const end = Math.min(size, this.#sizeBefore)
      await this.zero(this.#size, end - this.#size)
    }
    this.#size = size
  }

  async flush(): Promise<void> {
    await this.#image.flush()
  }

  async segment(offset: number): Promise<Segment> {
    const segment = await this.#image.segment(offset)
    return { ...segment, length: Math.min(segment.length, this.#size - offset) }
  }

  async allocatedSize(): Promise<number> {
    return this.#image.allocatedSize()
  }

  /** Makes the change final: durable, room freed, and the log kept as an offer to undo where nothing was freed. */
  async complete(): Promise<void> {
    await this.#image.flush()
    await completeUndoLog(this.#log, this.#image)
  }

  /** Gives back the room that the change freed. To be called when the log is gone: these bytes cannot be put back. */
  async release(): Promise<void> {
    for (const { offset, end } of this.#discards) {
      const inside = Math.min(end, this.#size)
      if (inside > offset) await this.#image.discard(offset, inside - offset)
    }
    this.#discards = []
    if (this.#size < (await this.#image.size())) await this.#image.truncate(this.#size)
    await this.#image.flush()
  }

  /** Puts everything back as it was. */
  async rollBack(): Promise<void> {
    await rollBack(this.#log, this.#image)
    this.#discards = []
    this.#size = this.#sizeBefore
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #beforeChange(offset: number, length: number): Promise<void> {
    // What was cut off is still there and must not come back between the new end and this.
    if (offset > this.#size) await this.truncate(offset)
    this.#keep(offset, offset + length)
    await this.#save(offset, Math.min(offset + length, this.#sizeBefore))
    this.#size = Math.max(this.#size, offset + length)
  }

  /** What is written again must not be discarded later. */
  #keep(offset: number, end: number): void {
    this.#discards = this.#discards.flatMap((range) => {
      if (range.end <= offset || range.offset >= end) return [range]
      const before = { offset: range.offset, end: offset }
      const after = { offset: end, end: range.end }
      return [before, after].filter((part) => part.offset < part.end)
    })
  }

  /** The saved bytes are durable before the caller may overwrite them. */
  async #save(offset: number, end: number): Promise<void> {
    const last = Math.ceil(end / UNDO_BLOCK)
    let fresh = false
    for (let block = Math.floor(offset / UNDO_BLOCK); block < last;) {
      if (this.#saved.has(block)) {
        block += 1
        continue
      }
      let stop = block + 1
      while (stop < last && !this.#saved.has(stop) && (stop - block) * UNDO_BLOCK < LARGEST_RECORD) stop += 1
      const data = new Uint8Array(Math.min(stop * UNDO_BLOCK, this.#sizeBefore) - block * UNDO_BLOCK)
      await this.#image.read(block * UNDO_BLOCK, data)
      this.#position = await appendRecord(this.#log, this.#position, block * UNDO_BLOCK, data)
      for (; block < stop; block += 1) this.#saved.add(block)
      fresh = true
    }
    if (fresh) await this.#log.flush()
  }
}
