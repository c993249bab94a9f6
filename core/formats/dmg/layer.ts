// An open disk image of macOS.

import type { ImageLayer } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import { ExtentList } from '../../image/extent-list.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Chunk, Opened } from './open.ts'

const CHUNKS_PER_ANSWER = 4096

export class DmgLayer implements ImageLayer {
  readonly format = 'dmg'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly unreadable?: ErrorData
  readonly unwritable?: ErrorData
  readonly #chunks: readonly Chunk[]

  constructor(storage: Storage, opened: Opened, unwritable: SpindleError | undefined) {
    this.storage = storage
    this.virtualSize = opened.virtualSize
    this.blockSize = opened.largest
    if (opened.unreadable) this.unreadable = opened.unreadable
    if (unwritable) this.unwritable = unwritable.toData()
    this.#chunks = opened.chunks
  }

  async describe(): Promise<Details> {
    return { compressed: this.#chunks.some(({ kind }) => kind === 'zlib') }
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (this.unreadable) throw SpindleError.fromData(this.unreadable)
    const end = offset + length
    const extents = new ExtentList()
    let position = offset
    const first = this.#firstEndingAfter(offset)
    for (let index = first; position < end && index < first + CHUNKS_PER_ANSWER; index += 1) {
      const chunk = this.#chunks[index]
      const start = Math.min(end, chunk?.start ?? end)
      if (start > position) extents.add({ kind: 'zero', length: start - position })
      position = Math.max(position, start)
      if (!chunk || position === end) break
      const stop = Math.min(end, chunk.start + chunk.length)
      extents.add(this.#extent(chunk, position, stop))
      position = stop
    }
    return extents.toArray()
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #extent({ kind, start, length: unpackedLength, offset, packedLength }: Chunk, from: number, to: number): Extent {
    const { storage } = this
    const [skip, length] = [from - start, to - from]
    return kind === 'raw'
      ? { kind: 'data', length, storage, offset: offset + skip }
      : { kind: 'packed', length, storage, offset, packedLength, codec: 'zlib', unpackedLength, skip }
  }

  #firstEndingAfter(offset: number): number {
    let [low, high] = [0, this.#chunks.length]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const chunk = this.#chunks[middle]
      if (chunk && chunk.start + chunk.length <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
