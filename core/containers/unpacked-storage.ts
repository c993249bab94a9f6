// A packed file seen as what is in it. Packed streams only go forward; this makes them look as if they did not.

import { SpindleError } from '../model/error.ts'
import { MiB } from '../model/units.ts'
import type { Segment, Storage } from '../storage/storage.ts'
import { openScratch } from './scratch.ts'
import { unpackedPieces } from './packed-stream.ts'
import type { Packing } from './packed-stream.ts'

/** Bytes behind the stream that are kept, so that small steps back cost nothing. */
const KEPT_BEHIND = 16 * MiB
/** What is at most this large is kept in memory whole, in bytes. */
const SMALL = 64 * MiB
/** How often the stream is begun again before it is unpacked into a file once and for all. */
const MOST_RESTARTS = 2

export interface UnpackedOptions {
  /** Bytes; see SMALL. */
  readonly small?: number
  /** Bytes; see KEPT_BEHIND. */
  readonly keptBehind?: number
}

/**
 * Read only. The first look at its size unpacks the stream once; a reader that goes forward costs a second time, and one
 * that jumps about makes it unpack into a scratch file, which is gone when this is closed.
 */
export class UnpackedStorage implements Storage {
  readonly writable = false
  readonly identity: string
  readonly #packed: Storage
  readonly #packing: Packing
  readonly #small: number
  readonly #keptBehind: number
  #size: number | undefined
  #whole: Storage | undefined
  #stream: ForwardStream | undefined
  #restarts = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(packed: Storage, packing: Packing, options: UnpackedOptions = {}) {
    this.#packed = packed
    this.#packing = packing
    this.#small = options.small ?? SMALL
    this.#keptBehind = options.keptBehind ?? KEPT_BEHIND
    this.identity = `${packing}:${packed.identity}`
  }

  get name(): string {
    return this.#packed.name
  }

  async size(): Promise<number> {
    return this.#size ?? this.#inTurn(async () => this.#measure())
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const size = await this.size()
    const length = Math.max(0, Math.min(into.length, size - offset))
    if (length === 0) return 0
    await this.#inTurn(async () => this.#fill(offset, into.subarray(0, length)))
    return length
  }

  async segment(offset: number): Promise<Segment> {
    if (this.#whole) return this.#whole.segment(offset)
    return { hole: false, length: (await this.size()) - offset }
  }

  async allocatedSize(): Promise<number> {
    return this.#packed.allocatedSize()
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
    await this.#inTurn(async () => {
      await this.#stream?.close()
      await this.#whole?.close()
      await this.#packed.close()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Keeps what it unpacks as long as that is little. */
  async #measure(): Promise<number> {
    if (this.#size !== undefined) return this.#size
    let kept: Uint8Array[] | undefined = []
    let size = 0
    for await (const piece of unpackedPieces(this.#packed, this.#packing)) {
      size += piece.length
      if (size > this.#small) kept = undefined
      kept?.push(piece)
    }
    if (kept) this.#whole = await openScratch(this.name, kept, 'memory')
    this.#size = size
    return size
  }

  async #fill(offset: number, into: Uint8Array): Promise<void> {
    this.#whole ??= await this.#wholeIfNeeded(offset)
    if (this.#whole) {
      await this.#whole.read(offset, into)
      return
    }
    if (!this.#stream?.reaches(offset)) {
      await this.#stream?.close()
      this.#stream = new ForwardStream(unpackedPieces(this.#packed, this.#packing), this.#keptBehind)
    }
    if (!(await this.#stream.read(offset, into))) {
      throw new SpindleError('io', `${this.name} was changed while it was being read. Start again.`, {
        path: this.name,
      })
    }
  }

  async #wholeIfNeeded(offset: number): Promise<Storage | undefined> {
    if (!this.#stream || this.#stream.reaches(offset)) return undefined
    this.#restarts += 1
    if (this.#restarts <= MOST_RESTARTS) return undefined
    await this.#stream.close()
    this.#stream = undefined
    return openScratch(this.name, unpackedPieces(this.#packed, this.#packing), 'file')
  }

  /** There is one stream: readers wait for each other. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  #refuse(): never {
    throw new SpindleError(
      'unsupported',
      `${this.name} is a packed file, which cannot be changed in place. Convert it to an image of its own first.`,
      { path: this.name },
    )
  }
}

/** The last bytes that came out of a stream, and those that are still to come. */
class ForwardStream {
  readonly #pieces: AsyncGenerator<Uint8Array>
  readonly #keptBehind: number
  #kept: Uint8Array[] = []
  /** Of the first kept piece, and of what comes next. */
  #start = 0
  #end = 0

  constructor(pieces: AsyncGenerator<Uint8Array>, keptBehind: number) {
    this.#pieces = pieces
    this.#keptBehind = keptBehind
  }

  reaches(offset: number): boolean {
    return offset >= this.#start
  }

  /** False when the stream ends before. */
  async read(offset: number, into: Uint8Array): Promise<boolean> {
    for (let done = 0; done < into.length;) {
      const at = offset + done
      while (at >= this.#end) if (!(await this.#next(offset))) return false
      done += this.#copy(at, into.subarray(done))
    }
    return true
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined)
  }

  /** Bytes from `needed` on are not given up. */
  async #next(needed: number): Promise<boolean> {
    const { done, value } = await this.#pieces.next()
    if (done === true) return false
    this.#kept.push(value)
    this.#end += value.length
    const oldest = Math.min(needed, this.#end - this.#keptBehind)
    let [first] = this.#kept
    while (first && this.#start + first.length <= oldest) {
      this.#start += first.length
      this.#kept.shift()
      first = this.#kept[0]
    }
    return true
  }

  #copy(offset: number, into: Uint8Array): number {
    let position = this.#start
    for (const piece of this.#kept) {
      if (offset < position + piece.length) {
        const part = piece.subarray(offset - position, offset - position + into.length)
        into.set(part)
        return part.length
      }
      position += piece.length
    }
    throw new SpindleError('internal', `byte ${offset} is not among those kept`)
  }
}
