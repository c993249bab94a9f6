// A storage that can be put back: it saves what is there before the first change of each block.

import type { Segment, Storage } from './storage.ts'
import { randomBytes } from 'node:crypto'
import {
  UNDO_BLOCK,
  appendName,
  appendRecord,
  completePart,
  completeUndoLog,
  rollBack,
  startUndoLog,
} from './undo-log.ts'
import type { ChangeOf, LoggedFile } from './undo-log.ts'

/** Saved blocks are gathered into records of at most this many bytes. */
const LARGEST_RECORD = 1024 * 1024

interface Range {
  readonly offset: number
  readonly end: number
}

/** Where the log is, once it is there. */
interface Begun {
  readonly log: Storage
  position: number
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
  readonly #begin: () => Promise<Begun>
  readonly #sizeBefore: number
  readonly #saved = new Set<number>()
  #begun: Begun | undefined
  #discards: Range[] = []
  #size: number
  /** What is appended to the log is appended one after the other. */
  #turns: Promise<unknown> = Promise.resolve()

  private constructor(image: Storage, size: number, begin: () => Promise<Begun>) {
    this.#image = image
    this.#begin = begin
    this.#sizeBefore = size
    this.#size = size
    this.name = image.name
    this.identity = image.identity
  }

  /** The log must be new and empty. Neither storage is closed by this one. */
  static async over(
    image: Storage,
    log: Storage,
    change: ChangeOf = { change: randomBytes(16) },
  ): Promise<UndoStorage> {
    const position = await startUndoLog(log, image, change)
    const storage = new UndoStorage(image, await image.size(), async () => ({ log, position }))
    storage.#begun = await storage.#begin()
    return storage
  }

  /**
   * The same for a file that another log decides over: its own is asked for before the first change, and must be found
   * after a crash from then on.
   */
  static async part(image: Storage, change: ChangeOf, newLog: () => Promise<Storage>): Promise<UndoStorage> {
    return new UndoStorage(image, await image.size(), async () => {
      const log = await newLog()
      return { log, position: await startUndoLog(log, image, change) }
    })
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

  /** Notes the name of another file of the change, durably: to be called before that is changed. */
  async addName(name: string): Promise<void> {
    await this.#inTurn(async (begun) => {
      begun.position = await appendName(begun.log, begun.position, name)
      await begun.log.flush()
    })
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
    // What was cut off is still there and must not come back.
    if (offset + length > this.#size) await this.truncate(offset + length)
    await this.#inTurn(async () => {})
    await this.#image.allocate(offset, length)
  }

  async discard(offset: number, length: number): Promise<void> {
    if (offset + length > this.#size) await this.truncate(offset + length)
    this.#discards.push({ offset, end: offset + length })
  }

  async truncate(size: number): Promise<void> {
    // Beyond its old end the file may be cut at once; below that only at the end of the change.
    const real = Math.max(size, this.#sizeBefore)
    if (real !== (await this.#image.size())) {
      await this.#inTurn(async () => {})
      await this.#image.truncate(real)
    }
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

  /** Makes the change final: durable, and the log kept as an offer to undo. */
  async complete(): Promise<void> {
    await this.#image.flush()
    if (this.#begun) await completeUndoLog(this.#begun.log, this.#image)
  }

  /** Before the log that decides is completed: all of this file durable, and how it is left noted. */
  async completePart(): Promise<void> {
    await this.#image.flush()
    if (this.#begun) await completePart(this.#begun.log, this.#image)
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

  /** Puts everything back as it was, and so the other files of the change. */
  async rollBack(parts: readonly UndoStorage[] = []): Promise<void> {
    const logged = parts.flatMap((part) => part.#logged() ?? [])
    if (this.#begun) await rollBack(this.#begun.log, this.#image, logged)
    for (const one of [this, ...parts]) {
      one.#discards = []
      one.#size = one.#sizeBefore
    }
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

  #logged(): LoggedFile | undefined {
    return this.#begun && { image: this.#image, log: this.#begun.log }
  }

  async #inTurn(work: (begun: Begun) => Promise<void>): Promise<void> {
    const turn = this.#turns.then(async () => work((this.#begun ??= await this.#begin())))
    this.#turns = turn.catch(() => {})
    await turn
  }

  /** The saved bytes are durable before the caller may overwrite them. */
  async #save(offset: number, end: number): Promise<void> {
    await this.#inTurn(async (begun) => this.#saveBlocks(begun, offset, end))
  }

  async #saveBlocks(begun: Begun, offset: number, end: number): Promise<void> {
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
      begun.position = await appendRecord(begun.log, begun.position, block * UNDO_BLOCK, data)
      for (; block < stop; block += 1) this.#saved.add(block)
      fresh = true
    }
    if (fresh) await begun.log.flush()
  }
}
