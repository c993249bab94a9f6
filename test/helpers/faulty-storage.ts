// Storages that fail on purpose, and storages that remember: for testing what users meet when a disk does not obey.

import { SpindleError } from '../../core/model/error.ts'
import type { ErrorCode } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Segment, Storage } from '../../core/storage/storage.ts'

export type StorageCall = 'read' | 'write' | 'discard' | 'zero' | 'allocate' | 'truncate' | 'flush' | 'segment'

export interface Fault {
  readonly call: StorageCall
  /** The first call of that kind that fails, counted from 1; all later ones fail as well. */
  readonly at: number
  readonly code: ErrorCode
}

/** Passes everything on to another storage. No `descriptor`: what goes past this object could not be watched. */
abstract class WrappedStorage implements Storage {
  readonly inner: Storage
  readonly name: string
  readonly writable: boolean
  readonly identity: string

  constructor(inner: Storage) {
    this.inner = inner
    this.name = inner.name
    this.writable = inner.writable
    this.identity = inner.identity
  }

  async size(): Promise<number> {
    return this.inner.size()
  }
  async read(offset: number, into: Uint8Array): Promise<number> {
    return this.inner.read(offset, into)
  }
  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.inner.write(offset, from)
  }
  async discard(offset: number, length: number): Promise<void> {
    await this.inner.discard(offset, length)
  }
  async zero(offset: number, length: number): Promise<void> {
    await this.inner.zero(offset, length)
  }
  async allocate(offset: number, length: number): Promise<void> {
    await this.inner.allocate(offset, length)
  }
  async truncate(size: number): Promise<void> {
    await this.inner.truncate(size)
  }
  async flush(): Promise<void> {
    await this.inner.flush()
  }
  async segment(offset: number): Promise<Segment> {
    return this.inner.segment(offset)
  }
  async allocatedSize(): Promise<number> {
    return this.inner.allocatedSize()
  }
  async close(): Promise<void> {
    await this.inner.close()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const PAGE = 4096

export interface FaultyOptions {
  readonly faults?: readonly Fault[]
  /** Bytes of room, counted in pages of 4 KiB: a write that needs more fails with `no-space`, as on a full file system. */
  readonly quota?: number
  /** Called before every call that is let through; for doing something at an exact moment, such as cancelling. */
  readonly onCall?: (call: StorageCall, count: number) => void
}

/** A storage whose calls fail where the test says. */
export class FaultyStorage extends WrappedStorage {
  readonly #options: FaultyOptions
  readonly #counts = new Map<StorageCall, number>()
  readonly #pages = new Set<number>()

  constructor(inner: Storage, options: FaultyOptions) {
    super(inner)
    this.#options = options
  }

  /** Calls of one kind so far, the failed ones included. */
  count(call: StorageCall): number {
    return this.#counts.get(call) ?? 0
  }

  override async read(offset: number, into: Uint8Array): Promise<number> {
    this.#enter('read')
    return super.read(offset, into)
  }
  override async write(offset: number, from: Uint8Array): Promise<void> {
    this.#enter('write')
    this.#takeRoom(offset, from.length)
    await super.write(offset, from)
  }
  override async discard(offset: number, length: number): Promise<void> {
    this.#enter('discard')
    await super.discard(offset, length)
  }
  override async zero(offset: number, length: number): Promise<void> {
    this.#enter('zero')
    this.#takeRoom(offset, length)
    await super.zero(offset, length)
  }
  override async allocate(offset: number, length: number): Promise<void> {
    this.#enter('allocate')
    this.#takeRoom(offset, length)
    await super.allocate(offset, length)
  }
  override async truncate(size: number): Promise<void> {
    // Growing by a hole takes no room, so no quota applies.
    this.#enter('truncate')
    await super.truncate(size)
  }
  override async flush(): Promise<void> {
    this.#enter('flush')
    await super.flush()
  }
  override async segment(offset: number): Promise<Segment> {
    this.#enter('segment')
    return super.segment(offset)
  }

  #enter(call: StorageCall): void {
    const count = this.count(call) + 1
    this.#counts.set(call, count)
    const fault = this.#options.faults?.find((one) => one.call === call && count >= one.at)
    if (fault) throw new SpindleError(fault.code, `${this.name}: ${call} number ${count} fails.`, { path: this.name })
    this.#options.onCall?.(call, count)
  }

  #takeRoom(offset: number, length: number): void {
    const { quota } = this.#options
    if (quota === undefined) return
    for (let page = Math.floor(offset / PAGE); page * PAGE < offset + length; page += 1) {
      if (!this.#pages.has(page) && (this.#pages.size + 1) * PAGE > quota) {
        throw new SpindleError('no-space', `The file system of ${this.name} is full.`, { path: this.name })
      }
      this.#pages.add(page)
    }
  }
}

/** One change of a storage, as it was asked for. */
export type LogEntry =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'discard' | 'zero' | 'allocate'; readonly offset: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'flush' }

export interface CrashState {
  /** For the message of a failed test: which entries reached the disk. */
  readonly description: string
  /** Entries of the log that were issued before the crash. */
  readonly issued: number
  /** Entries up to and including the last flush before the crash: all of them are on disk. */
  readonly durable: number
  /** What the next program to open the image finds. Fresh and writable. */
  readonly storage: MemoryStorage
}

/**
 * A storage that remembers every change, so that a test can open what a crash would have left behind:
 *
 *     const recording = await RecordingStorage.over(new MemoryStorage('disk', image))
 *     ... work on it, flushing now and then ...
 *     for await (const state of recording.crashStates({ seed, limit: 200 })) {
 *       // open state.storage: what was flushed before entry `state.durable` must be whole
 *     }
 */
export class RecordingStorage extends WrappedStorage {
  readonly log: LogEntry[] = []
  readonly #initial: Uint8Array

  private constructor(inner: Storage, initial: Uint8Array) {
    super(inner)
    this.#initial = initial
  }

  /** Starts remembering; what the storage holds now counts as durable. */
  static async over(inner: Storage): Promise<RecordingStorage> {
    const initial = new Uint8Array(await inner.size())
    await inner.read(0, initial)
    return new RecordingStorage(inner, initial)
  }

  override async write(offset: number, from: Uint8Array): Promise<void> {
    this.log.push({ kind: 'write', offset, bytes: from.slice() })
    await super.write(offset, from)
  }
  override async discard(offset: number, length: number): Promise<void> {
    this.log.push({ kind: 'discard', offset, length })
    await super.discard(offset, length)
  }
  override async zero(offset: number, length: number): Promise<void> {
    this.log.push({ kind: 'zero', offset, length })
    await super.zero(offset, length)
  }
  override async allocate(offset: number, length: number): Promise<void> {
    this.log.push({ kind: 'allocate', offset, length })
    await super.allocate(offset, length)
  }
  override async truncate(size: number): Promise<void> {
    this.log.push({ kind: 'truncate', size })
    await super.truncate(size)
  }
  override async flush(): Promise<void> {
    await super.flush()
    this.log.push({ kind: 'flush' })
  }

  /** The storage after the first `count` entries of the log, in order and whole. */
  async contentAfter(count: number): Promise<MemoryStorage> {
    return this.#replay(this.log.slice(0, count))
  }

  /**
   * States a crash may leave, at most `limit` of them and the same ones for the same seed. Half are plain cuts: the
   * first n entries and nothing else. The others let the disk choose, as real ones do, among the entries after the last
   * flush: each is there or not, in any order where they do not overlap, and one write may be torn at a sector.
   */
  async *crashStates(how: { readonly seed: number; readonly limit: number }): AsyncGenerator<CrashState> {
    const random = randomNumbers(how.seed)
    const cuts = this.log.length + 1
    const step = Math.max(1, Math.ceil(cuts / Math.ceil(how.limit / 2)))
    let count = 0
    for (let issued = 0; issued < cuts && count < how.limit; issued += step, count += 1) {
      const durable = this.#lastFlush(issued)
      yield { description: `cut after entry ${issued}`, issued, durable, storage: await this.contentAfter(issued) }
    }
    for (; count < how.limit; count += 1) yield this.#shuffledCrash(random)
  }

  async #shuffledCrash(random: () => number): Promise<CrashState> {
    const issued = Math.floor(random() * (this.log.length + 1))
    const durable = this.#lastFlush(issued)
    const kept: LogEntry[] = []
    const names: string[] = []
    // Overlapping writes keep their order, so keeping the log's order loses no state the disk could be in.
    for (let index = durable; index < issued; index += 1) {
      const entry = this.log[index]
      if (!entry || random() < 0.5) continue
      const torn = entry.kind === 'write' && random() < 0.2 ? tear(entry, random) : entry
      kept.push(torn)
      names.push(torn === entry ? String(index) : `part of ${index}`)
    }
    const description = `crash after entry ${issued}, of those since the flush at ${durable} only: ${names.join(', ') || 'none'}`
    return { description, issued, durable, storage: await this.#replay([...this.log.slice(0, durable), ...kept]) }
  }

  #lastFlush(issued: number): number {
    return this.log.slice(0, issued).findLastIndex((entry) => entry.kind === 'flush') + 1
  }

  async #replay(entries: readonly LogEntry[]): Promise<MemoryStorage> {
    const storage = new MemoryStorage(this.name, this.#initial)
    for (const entry of entries) {
      if (entry.kind === 'write') await storage.write(entry.offset, entry.bytes)
      else if (entry.kind === 'truncate') await storage.truncate(entry.size)
      else if (entry.kind !== 'flush') await storage[entry.kind](entry.offset, entry.length)
    }
    return storage
  }
}

const SECTOR = 512

/** A disk writes whole sectors: some first ones of the write are there, the rest is not. */
export function tear(entry: LogEntry & { readonly kind: 'write' }, random: () => number): LogEntry {
  const sectors = Math.floor(random() * (entry.bytes.length / SECTOR))
  const whole = SECTOR - (entry.offset % SECTOR) + sectors * SECTOR
  return { ...entry, bytes: entry.bytes.slice(0, Math.min(whole, entry.bytes.length)) }
}

/** Numbers from 0 to 1, the same ones for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
