// Filling a new image through its builder, as a conversion would.

import { pack } from '../../core/codec/codec.ts'
import type { ImageBuilder } from '../../core/image/driver.ts'
import type { DiskModel } from './disk-model.ts'
import type { Random } from './seeds.ts'

export interface Filled {
  /** Bytes of all blocks that were given a place. */
  readonly placed: number
  /** Blocks that were packed. */
  readonly packed: number
}

/** Places data, zeros and packed blocks and leaves some out, in ascending order. Returns what became of them. */
export async function fill(builder: ImageBuilder, model: DiskModel, random: Random): Promise<Filled> {
  const { blockSize, packing, placesSingly } = builder
  const size = model.bytes.length
  let placed = 0
  let packed = 0
  for (let offset = 0; offset < size;) {
    const blocks = placesSingly === true ? 1 : 1 + random.below(4)
    const length = Math.min(blockSize * blocks, size - offset)
    const chance = random.below(10)
    if (chance < 4) {
      const bytes = random.bytes(length)
      await builder.storage.write(builder.place(offset, length), bytes)
      model.bytes.set(bytes, offset)
      placed += Math.ceil(length / blockSize) * blockSize
    } else if (chance < 6) {
      builder.placeZero(offset, length)
      model.bytes.fill(0, offset, offset + length)
      placed += Math.ceil(length / blockSize) * blockSize
    } else if (chance < 8 && packing) {
      for (let at = offset; at < offset + length; at += blockSize) {
        const unit = new Uint8Array(blockSize)
        unit.set(random.bytes(Math.min(blockSize, size - at)))
        const stream = pack(packing.codec, unit, packing.level)
        if (stream) packed += 1
        if (stream) await builder.storage.write(packing.place(at, stream.length), stream)
        else await builder.storage.write(builder.place(at, Math.min(blockSize, size - at)), unit.subarray(0, size - at))
        model.bytes.set(unit.subarray(0, size - at), at)
        placed += blockSize
      }
    }
    if (random.happens(0.1)) await builder.drain()
    offset += length
  }
  return { placed, packed }
}
