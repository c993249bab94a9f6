// Stretches of several storages, one after the other, as one storage.

import { SpindleError } from '../model/error.ts'
import type { Segment, Storage } from './storage.ts'

interface Stretch {
  readonly start: number
  readonly storage: Storage
  readonly offset: number
  length: number
}

/** Its size is that of its stretches together; it owns none of the storages, and closes none. */
export class JoinedStorage implements Storage {
  readonly name: string
  readonly writable = true
  readonly identity: string
  readonly #stretches: Stretch[] = []
  #size = 0

  constructor(name: string) {
    this.name = name
    this.identity = `joined:${name}`
  }

  /** What is added next comes from `offset` on in `storage`. */
  append(storage: Storage, offset: number): void {
    this.#stretches.push({ start: this.#size, storage, offset, length: 0 })
  }

  /** Makes the last stretch longer, and returns where the new bytes of it start. */
  extend(length: number): number {
    const last = this.#stretches.at(-1)
    if (!last) throw new SpindleError('internal', 'there is nothing to extend')
    last.length += length
    const start = this.#size
    this.#size += length
    return start
  }

  async size(): Promise<number> {
    return this.#size
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#size - offset))
    await this.#each(offset, length, async (storage, at, count, done) => {
      const bytes = into.subarray(done, done + count)
      // What is not written yet in one of them is zeros, and another follows.
      bytes.fill(0, await storage.read(at, bytes))
    })
    return length
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#each(offset, from.length, (storage, at, count, done) =>
      storage.write(at, from.subarray(done, done + count)),
    )
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.#each(offset, length, (storage, at, count) => storage.discard(at, count))
  }

  async zero(offset: number, length: number): Promise<void> {
    await this.#each(offset, length, (storage, at, count) => storage.zero(at, count))
  }

  async allocate(offset: number, length: number): Promise<void> {
    await this.#each(offset, length, (storage, at, count) => storage.allocate(at, count))
  }

  async truncate(size: number): Promise<void> {
    if (size !== this.#size)
      throw new SpindleError('internal', `${this.name} has its size from the files it consists of`)
  }

  async flush(): Promise<void> {
    for (const storage of new Set(this.#stretches.map((one) => one.storage))) await storage.flush()
  }

  async segment(offset: number): Promise<Segment> {
    return { hole: false, length: this.#size - offset }
  }

  async allocatedSize(): Promise<number> {
    let sum = 0
    for (const storage of new Set(this.#stretches.map((one) => one.storage))) sum += await storage.allocatedSize()
    return sum
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #each(
    offset: number,
    length: number,
    work: (storage: Storage, at: number, count: number, done: number) => Promise<unknown>,
  ): Promise<void> {
    if (offset + length > this.#size) throw new SpindleError('internal', `${this.name} ends before ${offset + length}`)
    for (let done = 0; done < length;) {
      const at = offset + done
      const stretch = this.#stretches.findLast((one) => one.start <= at && one.length > 0)
      if (!stretch) throw new SpindleError('internal', `${this.name} has nothing at ${at}`)
      const count = Math.min(length - done, stretch.start + stretch.length - at)
      await work(stretch.storage, stretch.offset + (at - stretch.start), count, done)
      done += count
    }
  }
}
