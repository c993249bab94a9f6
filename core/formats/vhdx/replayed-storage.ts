// A file as it will be once its log is replayed, for those who may only look: nothing is written.

import { SpindleError } from '../../model/error.ts'
import { formatSize, MiB, roundDown } from '../../model/units.ts'
import type { Segment, Storage } from '../../storage/storage.ts'
import { LOG_SECTOR } from './layout.ts'
import type { PendingLog } from './replay.ts'

/** Logs are a few MiB; what a larger one holds should rather be written than kept in memory. */
const MOST_DATA = 64 * MiB

interface Range {
  readonly offset: number
  readonly end: number
}

/** No `descriptor`: what goes past this object would see the file as it was. */
export class ReplayedStorage implements Storage {
  readonly name: string
  readonly writable = false
  readonly identity: string
  readonly #file: Storage
  readonly #size: number
  /** By offset; what is newer than the zeros. */
  readonly #sectors = new Map<number, Uint8Array>()
  /** Ascending, none touching another. */
  #zeros: readonly Range[] = []

  private constructor(file: Storage, size: number) {
    this.#file = file
    this.#size = size
    this.name = file.name
    this.identity = file.identity
  }

  /** The file stays its owner’s, who closes it. Throws `unsupported` when there is too much to be kept in memory. */
  static async over(file: Storage, pending: PendingLog): Promise<ReplayedStorage> {
    if (pending.dataBytes > MOST_DATA)
      throw new SpindleError(
        'unsupported',
        `The log of ${file.name} holds ${formatSize(pending.dataBytes)} that are yet to be put in their places, more than can be done while it is only read. Nothing was changed. Repair it, which does that.`,
        { path: file.name },
      )
    const storage = new ReplayedStorage(file, pending.fileSize)
    const zeros: Range[] = []
    for await (const change of pending.changes()) {
      const { offset } = change
      if (change.kind === 'data') {
        storage.#sectors.set(offset, change.bytes)
        continue
      }
      const end = offset + change.length
      for (const [at] of storage.#sectorsIn(offset, end)) storage.#sectors.delete(at)
      zeros.push({ offset, end })
    }
    storage.#zeros = joined(zeros)
    return storage
  }

  async size(): Promise<number> {
    return this.#size
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#size - offset))
    const wanted = into.subarray(0, length)
    const count = await this.#file.read(offset, wanted)
    wanted.fill(0, count)
    const end = offset + length
    for (const range of this.#zeros)
      if (range.end > offset && range.offset < end)
        wanted.fill(0, Math.max(0, range.offset - offset), Math.min(length, range.end - offset))
    for (const [at, bytes] of this.#sectorsIn(offset, end)) {
      const from = Math.max(at, offset)
      const to = Math.min(at + LOG_SECTOR, end)
      wanted.set(bytes.subarray(from - at, to - at), from - offset)
    }
    return length
  }

  async segment(offset: number): Promise<Segment> {
    // Where the log writes into a hole there is data, and looking for it is not worth the effort.
    return { hole: false, length: this.#size - offset }
  }

  async allocatedSize(): Promise<number> {
    return this.#file.allocatedSize()
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

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  *#sectorsIn(offset: number, end: number): Generator<readonly [number, Uint8Array]> {
    const first = roundDown(offset, LOG_SECTOR)
    if ((end - first) / LOG_SECTOR > this.#sectors.size) {
      for (const sector of this.#sectors) if (sector[0] >= first && sector[0] < end) yield sector
      return
    }
    for (let at = first; at < end; at += LOG_SECTOR) {
      const bytes = this.#sectors.get(at)
      if (bytes) yield [at, bytes]
    }
  }

  #refuse(): never {
    throw new SpindleError('access-denied', `${this.name} is open for reading only.`, { path: this.name })
  }
}

function joined(ranges: readonly Range[]): readonly Range[] {
  const answer: Range[] = []
  for (const range of ranges.toSorted((left, right) => left.offset - right.offset)) {
    const last = answer.at(-1)
    if (last && range.offset <= last.end)
      answer[answer.length - 1] = { offset: last.offset, end: Math.max(last.end, range.end) }
    else answer.push(range)
  }
  return answer
}
