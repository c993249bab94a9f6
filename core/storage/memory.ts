// A storage in memory: for tests, and for small images that are only passing through.

import { SpindleError } from '../model/error.ts'
import type { Segment, Storage } from './storage.ts'

const PAGE = 4096
let count = 0

/** Sparse: only pages that were written take memory, so a 1 TiB image with little in it is cheap. */
export class MemoryStorage implements Storage {
  readonly name: string
  readonly writable: boolean
  readonly identity: string
  #pages: Map<number, Uint8Array>
  #size: number

  constructor(name = 'memory', content: Uint8Array = new Uint8Array(0), writable = true) {
    this.name = name
    this.writable = writable
    this.identity = `memory:${(count += 1)}`
    this.#pages = new Map()
    this.#size = 0
    this.#put(0, content)
  }

  async size(): Promise<number> {
    return this.#size
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#size - offset))
    for (let done = 0; done < length;) {
      const at = offset + done
      const start = at % PAGE
      const step = Math.min(PAGE - start, length - done)
      const page = this.#pages.get(Math.floor(at / PAGE))
      if (page) into.set(page.subarray(start, start + step), done)
      else into.fill(0, done, done + step)
      done += step
    }
    return length
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#mayWrite()
    this.#put(offset, from)
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#mayWrite()
    const end = offset + length
    for (const index of this.#pagesIn(offset, end)) {
      const from = Math.max(0, offset - index * PAGE)
      const to = Math.min(PAGE, end - index * PAGE)
      if (to - from === PAGE) this.#pages.delete(index)
      else this.#pages.get(index)?.fill(0, from, to)
    }
    this.#size = Math.max(this.#size, end)
  }

  async zero(offset: number, length: number): Promise<void> {
    await this.discard(offset, length)
  }

  async allocate(offset: number, length: number): Promise<void> {
    this.#mayWrite()
    this.#size = Math.max(this.#size, offset + length)
  }

  async truncate(size: number): Promise<void> {
    this.#mayWrite()
    if (size < this.#size) await this.discard(size, this.#size - size)
    this.#size = size
  }

  async flush(): Promise<void> {}

  async segment(offset: number): Promise<Segment> {
    const hole = !this.#pages.has(Math.floor(offset / PAGE))
    let end = (Math.floor(offset / PAGE) + 1) * PAGE
    let steps = this.#pages.size
    while (end < this.#size && !this.#pages.has(end / PAGE) === hole && (steps -= 1) > 0) end += PAGE
    // The rest by the pages that are there: a hole may be longer than anyone can walk.
    if (steps <= 0) end = this.#nextPage(end) * PAGE
    return { hole, length: Math.min(end, this.#size) - offset }
  }

  async allocatedSize(): Promise<number> {
    return this.#pages.size * PAGE
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** All bytes, for comparing in tests. */
  async bytes(): Promise<Uint8Array> {
    const all = new Uint8Array(this.#size)
    await this.read(0, all)
    return all
  }

  /** The first that is there at or after `offset`. */
  #nextPage(offset: number): number {
    let next = Infinity
    for (const index of this.#pages.keys()) if (index * PAGE >= offset && index < next) next = index
    return next
  }

  /** Pages that are there, however long the range is. */
  *#pagesIn(offset: number, end: number): Generator<number> {
    const first = Math.floor(offset / PAGE)
    const last = Math.ceil(end / PAGE)
    if (last - first > this.#pages.size) {
      for (const index of this.#pages.keys()) if (index >= first && index < last) yield index
    } else {
      for (let index = first; index < last; index += 1) if (this.#pages.has(index)) yield index
    }
  }

  #put(offset: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) {
      const at = offset + done
      const start = at % PAGE
      const step = Math.min(PAGE - start, from.length - done)
      const index = Math.floor(at / PAGE)
      let page = this.#pages.get(index)
      if (!page) this.#pages.set(index, (page = new Uint8Array(PAGE)))
      page.set(from.subarray(done, done + step), start)
      done += step
    }
    this.#size = Math.max(this.#size, offset + from.length)
  }

  #mayWrite(): void {
    if (!this.writable)
      throw new SpindleError('access-denied', `${this.name} is open for reading only.`, { path: this.name })
  }
}
