// A storage seen through a cipher: what is read is decrypted, what is written encrypted, by where it lies.

import type { Segment, Storage } from '../storage/storage.ts'
import { SECTOR } from './luks1-layout.ts'
import type { SectorCipher } from './sector-cipher.ts'

/** Bytes encrypted at once: a write leaves what it is given as it was. */
const STEP = 256 * 1024

export interface CipherPlace {
  /** Where in the storage below byte 0 of this one is. */
  readonly start?: number
  /** Bytes after which this one ends; left out, it goes as far as the storage below. */
  readonly length?: number
  /** Bytes between where a byte lies here and where the cipher counts it. */
  readonly shift?: number
  /** Bytes that are encrypted as one. */
  readonly sectorSize?: number
}

/**
 * Bytes need not be asked for in whole sectors; writing part of one reads the rest of it. A range that was never written
 * reads as noise. Closing this closes nothing: the storage below belongs to who opened it.
 */
export class CipherStorage implements Storage {
  readonly enciphered = true
  readonly name: string
  readonly writable: boolean
  readonly identity: string
  readonly readNow?: (offset: number, into: Uint8Array) => number
  readonly #below: Storage
  readonly #cipher: SectorCipher
  readonly #start: number
  readonly #length: number | undefined
  readonly #shift: number
  readonly #unit: number

  constructor(below: Storage, cipher: SectorCipher, place: CipherPlace = {}) {
    this.name = below.name
    this.writable = below.writable
    this.identity = below.identity
    this.#below = below
    this.#cipher = cipher
    this.#start = place.start ?? 0
    this.#length = place.length
    this.#shift = place.shift ?? 0
    this.#unit = place.sectorSize ?? SECTOR
    if (below.readNow) this.readNow = (offset, into) => this.#readNow(offset, into)
  }

  async size(): Promise<number> {
    return this.#length ?? Math.max(0, (await this.#below.size()) - this.#start)
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const wanted = this.#inside(offset, into.length)
    const { start, bytes } = this.#wholeUnits(offset, into.subarray(0, wanted))
    return this.#taken(offset, into, start, bytes, await this.#below.read(this.#start + start, bytes))
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    for (let done = 0; done < from.length;) {
      // The first piece ends where all others do.
      const length = Math.min(STEP - ((offset + done) % this.#unit), from.length - done)
      await this.#writePiece(offset + done, from.subarray(done, done + length))
      done += length
    }
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.zero(offset, length)
  }

  /** There is no shorter way to zeros than writing them: a hole decrypts to noise. */
  async zero(offset: number, length: number): Promise<void> {
    const zeros = new Uint8Array(Math.min(STEP, length))
    for (let done = 0; done < length; done += zeros.length)
      await this.write(offset + done, zeros.subarray(0, length - done))
  }

  async allocate(offset: number, length: number): Promise<void> {
    await this.#below.allocate(this.#start + offset, length)
  }

  async truncate(size: number): Promise<void> {
    await this.#below.truncate(this.#start + size)
  }

  async flush(): Promise<void> {
    await this.#below.flush()
  }

  async segment(offset: number): Promise<Segment> {
    return { hole: false, length: (await this.size()) - offset }
  }

  async allocatedSize(): Promise<number> {
    return this.#below.allocatedSize()
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #readNow(offset: number, into: Uint8Array): number {
    const wanted = this.#inside(offset, into.length)
    const { start, bytes } = this.#wholeUnits(offset, into.subarray(0, wanted))
    const count = this.#below.readNow?.(this.#start + start, bytes) ?? 0
    return this.#taken(offset, into, start, bytes, count)
  }

  /** The units that `into` touches: its own memory when they are just that. */
  #wholeUnits(offset: number, into: Uint8Array): { readonly start: number; readonly bytes: Uint8Array } {
    const start = offset - (offset % this.#unit)
    const length = Math.ceil((offset + into.length - start) / this.#unit) * this.#unit
    return { start, bytes: length === into.length ? into : new Uint8Array(length) }
  }

  /** Decrypts what was read and puts the part that was asked for into its place. A unit cut short by the end is none. */
  #taken(offset: number, into: Uint8Array, start: number, bytes: Uint8Array, count: number): number {
    const whole = bytes.subarray(0, count - (count % this.#unit))
    if (whole.length > 0) this.#cipher.decrypt(this.#sector(start), whole)
    if (bytes.buffer === into.buffer && bytes.byteOffset === into.byteOffset) return whole.length
    const skip = offset - start
    const part = whole.subarray(skip, skip + this.#inside(offset, into.length))
    into.set(part)
    return part.length
  }

  async #writePiece(offset: number, from: Uint8Array): Promise<void> {
    const unit = this.#unit
    const start = offset - (offset % unit)
    const end = Math.ceil((offset + from.length) / unit) * unit
    const bytes = new Uint8Array(end - start)
    if (start < offset) await this.#readUnit(start, bytes.subarray(0, unit))
    if (end > offset + from.length) await this.#readUnit(end - unit, bytes.subarray(-unit))
    bytes.set(from, offset - start)
    this.#cipher.encrypt(this.#sector(start), bytes)
    await this.#below.write(this.#start + start, bytes)
  }

  /** What lies past the end of the storage below was never written and is zeros from here on. */
  async #readUnit(start: number, into: Uint8Array): Promise<void> {
    const count = await this.read(start, into)
    into.fill(0, count)
  }

  #sector(offset: number): number {
    return (offset + this.#shift) / SECTOR
  }

  #inside(offset: number, length: number): number {
    return this.#length === undefined ? length : Math.max(0, Math.min(length, this.#length - offset))
  }
}
