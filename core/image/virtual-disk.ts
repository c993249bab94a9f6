// The disk the guest sees: reads, writes, zeros and discards over a chain of layers, once for every format.

import { pack } from '../codec/codec.ts'
import { SpindleError } from '../model/error.ts'
import { readPadded } from '../storage/storage.ts'
import type { ImageLayer, LayerWriter, Room } from './driver.ts'
import { sliceExtent } from './extent.ts'
import type { Extent, PackedExtent } from './extent.ts'
import { readUnit } from './packed-unit.ts'

/** An extent of the whole chain. `depth` 0 is the top layer; a hole is left only where no layer has anything. */
export type DiskExtent = Extent & { readonly depth: number }

export class VirtualDisk implements AsyncDisposable {
  /** Top first; each one is the backing file of the one before it. */
  readonly layers: readonly ImageLayer[]
  /** Bytes. */
  readonly size: number
  #lastUnpacked: { readonly storage: unknown; readonly offset: number; readonly bytes: Uint8Array } | undefined
  #writes: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(layers: readonly [ImageLayer, ...ImageLayer[]]) {
    this.layers = layers
    this.size = layers[0].virtualSize
  }

  get top(): ImageLayer {
    return this.#layer(0)
  }

  get writable(): boolean {
    return this.top.writer !== undefined
  }

  /**
   * Where the guest's bytes from `offset` on are: at least one extent, in order, without gaps, at most `length` bytes
   * together and perhaps fewer. Throws `invalid-image` where a table is damaged.
   */
  async map(offset: number, length: number): Promise<readonly DiskExtent[]> {
    this.#checkRange(offset, length)
    return this.#mapFrom(0, offset, length)
  }

  /** All extents of a range, however many calls of map() that takes. */
  async *extents(offset = 0, length = this.size - offset): AsyncGenerator<readonly DiskExtent[]> {
    const end = offset + length
    for (let position = offset; position < end;) {
      const extents = await this.map(position, end - position)
      yield extents
      for (const extent of extents) position += extent.length
    }
  }

  /** Fills `into` with the guest's bytes from `offset` on. */
  async read(offset: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length;) {
      const extents = await this.map(offset + done, into.length - done)
      for (const extent of extents) {
        await this.readExtent(extent, into.subarray(done, done + extent.length))
        done += extent.length
      }
    }
  }

  /** Fills `into`, as long as the extent, with what the extent holds. */
  async readExtent(extent: Extent, into: Uint8Array): Promise<void> {
    switch (extent.kind) {
      case 'data':
        await readPadded(extent.storage, extent.offset, into)
        break
      case 'packed':
        into.set((await this.#unpack(extent)).subarray(extent.skip, extent.skip + extent.length))
        break
      default:
        into.fill(0)
    }
  }

  /** Writes `from` at guest `offset`. Durable only after flush(). */
  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#checkRange(offset, from.length)
    await this.#exclusively(async (writer) => {
      for (let done = 0; done < from.length;) {
        const room = await writer.reserve(offset + done, from.length - done)
        const count = Math.min(room.start + room.length - (offset + done), from.length - done)
        await this.#fill(room, offset + done, from.subarray(done, done + count))
        done += count
      }
    })
  }

  /** The same for whole blocks, as `packing` of the writer has them: packed where that makes them smaller. */
  async writePacked(offset: number, from: Uint8Array): Promise<void> {
    const { packing } = this.top.writer ?? {}
    if (!packing) throw new SpindleError('internal', `${this.top.storage.name} cannot be packed`)
    const { blockSize, codec } = packing
    for (let at = 0; at < from.length; at += blockSize) {
      const part = from.subarray(at, at + blockSize)
      const block = new Uint8Array(blockSize)
      block.set(part)
      const packed = pack(codec, block)
      if (packed) await this.#exclusively(async () => packing.write(offset + at, packed))
      else await this.write(offset + at, part)
    }
  }

  /** Makes guest bytes read as zeros, without writing data where the format can. */
  async zero(offset: number, length: number, unmap = false): Promise<void> {
    this.#checkRange(offset, length)
    await this.#exclusively(async (writer) => {
      for (let done = 0; done < length;) {
        const handled = await writer.zero(offset + done, length - done, unmap)
        done += handled > 0 ? handled : await this.#zeroPart(writer, offset + done, length - done, unmap)
      }
    })
  }

  /** Tells the image that these bytes are no longer needed. What they read as afterwards is the format's choice. */
  async discard(offset: number, length: number): Promise<void> {
    this.#checkRange(offset, length)
    await this.#exclusively(async (writer) => {
      for (let done = 0; done < length;) {
        const handled = await writer.discard(offset + done, length - done)
        // Not even the first block could be given back: that is allowed, go on behind it.
        const block = this.top.blockSize
        done += handled > 0 ? handled : block - ((offset + done) % block)
      }
    })
  }

  async flush(): Promise<void> {
    if (this.writable) await this.#exclusively((writer) => writer.flush())
  }

  /** Flushes when writable, then closes every layer, also when one of them fails to. The second time does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const failures: unknown[] = []
    try {
      await this.flush()
    } catch (error) {
      failures.push(error)
    }
    for (const layer of this.layers) {
      try {
        await layer.close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #mapFrom(depth: number, offset: number, length: number): Promise<readonly DiskExtent[]> {
    const layer = this.#layer(depth)
    if (layer.unreadable) throw SpindleError.fromData(layer.unreadable)
    const extents = await layer.map(offset, length)
    const below = this.layers[depth + 1]
    if (!below) return extents.map((extent) => ({ ...extent, depth }))
    const answer: DiskExtent[] = []
    let position = offset
    for (const extent of extents) {
      const start = position
      const end = start + extent.length
      if (extent.kind !== 'hole') {
        answer.push({ ...extent, depth })
        position = end
        continue
      }
      while (position < end && position < below.virtualSize) {
        const part = await this.#mapFrom(depth + 1, position, Math.min(end, below.virtualSize) - position)
        for (const one of part) {
          answer.push(one)
          position += one.length
        }
      }
      // Past the end of a shorter backing file there is nothing, and that reads as zeros.
      if (position < end) answer.push({ ...sliceExtent(extent, position - start, end - position), depth })
      position = end
    }
    return answer
  }

  async #fill(room: Room, offset: number, from: Uint8Array): Promise<void> {
    if (room.linked) {
      await room.storage.write(room.offset + (offset - room.start), from)
      return
    }
    const head = offset - room.start
    const tail = room.start + room.length - (offset + from.length)
    if (head === 0 && tail === 0) {
      await room.storage.write(room.offset, from)
    } else {
      const whole = new Uint8Array(room.length)
      if (head > 0) await this.read(room.start, whole.subarray(0, head))
      whole.set(from, head)
      if (tail > 0) await this.read(offset + from.length, whole.subarray(head + from.length))
      await room.storage.write(room.offset, whole)
    }
    await room.link()
  }

  /** For what the writer cannot say of a part of a block: zeros are written, unless the rest of it shows zeros as well. */
  async #zeroPart(writer: LayerWriter, offset: number, length: number, unmap: boolean): Promise<number> {
    const block = this.top.blockSize
    const count = Math.min(length, block === 1 ? 65_536 : block - (offset % block))
    const start = offset - (offset % block)
    const end = Math.min(start + block, this.size)
    const isPart = start < offset || offset + count < end
    if (isPart && (await this.#showsZeros(start, offset)) && (await this.#showsZeros(offset + count, end))) {
      if ((await writer.zero(start, end - start, unmap)) === end - start) return count
    }
    const room = await writer.reserve(offset, count)
    const inside = Math.min(room.start + room.length - offset, count)
    await this.#fill(room, offset, new Uint8Array(inside))
    return inside
  }

  async #showsZeros(start: number, end: number): Promise<boolean> {
    for (let position = start; position < end;) {
      for (const { kind, length } of await this.map(position, end - position)) {
        if (kind !== 'zero' && kind !== 'hole') return false
        position += length
      }
    }
    return true
  }

  async #unpack(extent: PackedExtent): Promise<Uint8Array> {
    const last = this.#lastUnpacked
    if (last && last.storage === extent.storage && last.offset === extent.offset) return last.bytes
    const bytes = await readUnit(extent)
    this.#lastUnpacked = { storage: extent.storage, offset: extent.offset, bytes }
    return bytes
  }

  /** Writes of one disk happen one after the other: a driver never sees two at once. */
  async #exclusively<T>(work: (writer: LayerWriter) => Promise<T>): Promise<T> {
    const { writer } = this.top
    if (!writer) {
      if (this.top.unwritable) throw SpindleError.fromData(this.top.unwritable)
      throw new SpindleError('access-denied', `${this.top.storage.name} is open for reading only.`, {
        path: this.top.storage.name,
      })
    }
    const turn = this.#writes.then(async () => {
      this.#lastUnpacked = undefined
      return work(writer)
    })
    this.#writes = turn.catch(() => {})
    return turn
  }

  #layer(depth: number): ImageLayer {
    const layer = this.layers[depth]
    if (!layer) throw new SpindleError('internal', `there is no layer ${depth}`)
    return layer
  }

  #checkRange(offset: number, length: number): void {
    if (
      !Number.isSafeInteger(offset) ||
      !Number.isSafeInteger(length) ||
      offset < 0 ||
      length < 0 ||
      offset + length > this.size
    ) {
      throw new SpindleError(
        'invalid-argument',
        `Bytes ${offset} to ${offset + length} do not lie inside this disk of ${this.size} bytes.`,
        {
          path: this.top.storage.name,
          offset,
        },
      )
    }
  }
}
