// A stretch of a storage seen as a storage of its own. Read only.

import { SpindleError } from '../model/error.ts'
import type { Segment, Storage } from '../storage/storage.ts'

export interface Stretch {
  readonly name: string
  /** Bytes, inside the outer storage. */
  readonly offset: number
  readonly size: number
}

export class MemberStorage implements Storage {
  readonly writable = false
  readonly name: string
  readonly identity: string
  readonly #outer: Storage
  readonly #offset: number
  readonly #size: number

  constructor(outer: Storage, { name, offset, size }: Stretch) {
    this.name = name
    this.identity = `${outer.identity}+${offset}`
    this.#outer = outer
    this.#offset = offset
    this.#size = size
  }

  async size(): Promise<number> {
    return this.#size
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#size - offset))
    return length === 0 ? 0 : this.#outer.read(this.#offset + offset, into.subarray(0, length))
  }

  async segment(offset: number): Promise<Segment> {
    const { hole, length } = await this.#outer.segment(this.#offset + offset)
    return { hole, length: Math.min(length, this.#size - offset) }
  }

  async allocatedSize(): Promise<number> {
    return this.#size
  }

  async write(): Promise<void> {
    this.#refuse()
  }

  async discard(): Promise<void> {
    this.#refuse()
  }

  async zero(): Promise<void> {
    this.#refuse()
  }

  async allocate(): Promise<void> {
    this.#refuse()
  }

  async truncate(): Promise<void> {
    this.#refuse()
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    await this.#outer.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #refuse(): never {
    throw new SpindleError(
      'unsupported',
      `${this.name} lies inside another file and cannot be changed there. Convert it to an image of its own first.`,
      { path: this.name },
    )
  }
}
