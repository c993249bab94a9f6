// A layer whose extents are made up at random, and a builder that only remembers: formats without a format.

import { pack } from '../../core/codec/codec.ts'
import type { CodecId } from '../../core/codec/codec.ts'
import type { ImageBuilder, ImageLayer } from '../../core/image/driver.ts'
import type { Extent } from '../../core/image/extent.ts'
import { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { KiB } from '../../core/model/units.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { randomNumbers } from '../helpers/faulty-storage.ts'

export interface ScatterOptions {
  readonly seed: number
  readonly size: number
  /** Extents are multiples of this long. */
  readonly grain: number
  /** At most this many grains long. */
  readonly longest: number
  readonly codecs?: readonly CodecId[]
}

export interface Scattered {
  readonly layer: ImageLayer
  /** What the layer holds; where it has a hole, zeros. */
  readonly content: Buffer
  readonly holes: readonly (readonly [number, number])[]
}

/** Fills the storage with plain and packed pieces in random order and returns a layer that finds them again. */
export async function scatter(storage: Storage, options: ScatterOptions): Promise<Scattered> {
  const { seed, size, grain, longest, codecs = [] } = options
  const random = randomNumbers(seed)
  const content = Buffer.alloc(size)
  const holes: [number, number][] = []
  const extents: Extent[] = []
  let host = 0
  for (let guest = 0; guest < size;) {
    const length = Math.min(grain * (1 + Math.floor(random() * longest)), size - guest)
    const bytes = content.subarray(guest, guest + length)
    const choice = random()
    const codec = codecs[Math.floor(random() * codecs.length)]
    if (choice < 0.15) {
      extents.push({ kind: 'hole', length })
      holes.push([guest, length])
    } else if (choice < 0.3) {
      extents.push({ kind: 'zero', length })
    } else {
      fillMixed(bytes, random)
      const packed = codec && choice > 0.65 ? pack(codec, bytes) : undefined
      // Now and then the next piece starts somewhere else in the file.
      if (random() < 0.5) host += Math.floor(random() * 8) * 512
      await storage.write(host, packed ?? bytes)
      extents.push(
        codec && packed
          ? {
              kind: 'packed',
              length,
              storage,
              offset: host,
              packedLength: packed.length,
              codec,
              unpackedLength: length,
              skip: 0,
            }
          : { kind: 'data', length, storage, offset: host },
      )
      host += (packed ?? bytes).length
    }
    guest += length
  }
  return { layer: new ScatteredLayer(storage, size, extents, seed), content, holes }
}

/** Half noise that is cheap to make and hard to pack, a third words, the rest left zero, in stretches of some KiB. */
function fillMixed(bytes: Buffer, random: () => number): void {
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + 512 * (1 + Math.floor(random() * 64)), bytes.length)
    const choice = random()
    if (choice < 0.5) {
      let word = Math.floor(random() * 2 ** 32)
      for (let i = at; i < end; i += 1) {
        word = (Math.imul(word, 1_664_525) + 1_013_904_223) | 0
        bytes[i] = word >>> 24
      }
    } else if (choice < 0.8) {
      bytes.fill(`words of a file, ${at} `, at, end)
    }
    at = end
  }
}

class ScatteredLayer implements ImageLayer {
  readonly format = 'raw'
  readonly blockSize = 512
  readonly storage: Storage
  readonly virtualSize: number
  readonly #extents: readonly Extent[]
  readonly #random: () => number

  constructor(storage: Storage, virtualSize: number, extents: readonly Extent[], seed: number) {
    this.storage = storage
    this.virtualSize = virtualSize
    this.#extents = extents
    this.#random = randomNumbers(seed + 1)
  }

  async describe(): Promise<object> {
    return {}
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const answer: Extent[] = []
    const most = Math.min(length, 512 + Math.floor(this.#random() * 1024 * KiB))
    let start = 0
    let told = 0
    for (const extent of this.#extents) {
      const skip = Math.max(0, offset - start)
      if (skip < extent.length && told < most) {
        const part = Math.min(extent.length - skip, most - told)
        answer.push(cut(extent, skip, part))
        told += part
      }
      start += extent.length
    }
    return answer
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

function cut(extent: Extent, skip: number, length: number): Extent {
  if (extent.kind === 'packed') return { ...extent, length, skip: extent.skip + skip }
  if (extent.kind === 'data') return { ...extent, length, offset: extent.offset + skip }
  return { ...extent, length }
}

export function diskOf(...layers: readonly [ImageLayer, ...ImageLayer[]]): VirtualDisk {
  return new VirtualDisk(layers)
}

interface Placement {
  readonly guest: number
  readonly length: number
  readonly host: number
  readonly packedLength?: number
}

/** Places blocks one behind the other, as most formats do, and holds the copier to the builder's contract. */
export class RememberingBuilder implements ImageBuilder {
  readonly storage: Storage
  readonly blockSize: number
  readonly packing?: ImageBuilder['packing'] & { readonly codec: CodecId }
  readonly placed: Placement[] = []
  readonly zeros: (readonly [number, number])[] = []
  readonly #diskSize: number
  #end = 0
  #host = 4096

  constructor(storage: Storage, blockSize: number, diskSize: number, codec?: CodecId) {
    this.storage = storage
    this.blockSize = blockSize
    this.#diskSize = diskSize
    if (codec) this.packing = { codec, place: (guest, packedLength) => this.#placePacked(guest, packedLength) }
  }

  place(guest: number, length: number): number {
    this.#advance(guest, length)
    const host = (this.#host = Math.ceil(this.#host / this.blockSize) * this.blockSize)
    this.#host += Math.ceil(length / this.blockSize) * this.blockSize
    this.placed.push({ guest, length, host })
    return host
  }

  placeZero(guest: number, length: number): void {
    this.#advance(guest, length)
    this.zeros.push([guest, length])
  }

  #placePacked(guest: number, packedLength: number): number {
    if (packedLength <= 0 || packedLength >= this.blockSize) throw new Error(`packed to ${packedLength} bytes`)
    const length = Math.min(this.blockSize, this.#diskSize - guest)
    this.#advance(guest, length)
    const host = this.#host
    this.#host += packedLength
    this.placed.push({ guest, length, host, packedLength })
    return host
  }

  #advance(guest: number, length: number): void {
    if (guest < this.#end) throw new Error(`${guest} was placed after ${this.#end}`)
    const end = guest + length
    if (guest % this.blockSize !== 0 || length <= 0) throw new Error(`${guest}+${length} starts inside a block`)
    if (end % this.blockSize !== 0 && end !== this.#diskSize) throw new Error(`${guest}+${length} ends inside a block`)
    this.#end = end
  }

  async drain(): Promise<void> {}
  async finish(): Promise<void> {}

  /** The disk that was built, as a layer. */
  layer(): ImageLayer {
    const { storage, packing, blockSize } = this
    const extents: Extent[] = []
    let end = 0
    for (const { guest, length, host, packedLength } of this.placed) {
      if (guest > end) extents.push({ kind: 'hole', length: guest - end })
      extents.push(
        packing && packedLength !== undefined
          ? {
              kind: 'packed',
              length,
              storage,
              offset: host,
              packedLength,
              codec: packing.codec,
              unpackedLength: blockSize,
              skip: 0,
            }
          : { kind: 'data', length, storage, offset: host },
      )
      end = guest + length
    }
    if (end < this.#diskSize) extents.push({ kind: 'hole', length: this.#diskSize - end })
    return new ScatteredLayer(storage, this.#diskSize, extents, 0)
  }
}
