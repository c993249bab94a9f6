// Stretches of other disks one after the other, seen as one image: disks joined into one, or a piece of a disk.

import { SpindleError } from '../model/error.ts'
import type { Details, FormatId } from '../model/image.ts'
import type { Storage } from '../storage/storage.ts'
import type { ImageLayer } from './driver.ts'
import type { Extent } from './extent.ts'
import type { VirtualDisk } from './virtual-disk.ts'

/** Bytes of `disk`, from an offset inside it; what lies behind its end is zeros. */
export interface Stretch {
  readonly disk: VirtualDisk
  readonly offset: number
  readonly length: number
}

/** Read only. Closing it closes the disks. */
export class ComposedLayer implements ImageLayer {
  readonly format: FormatId
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize = 1
  readonly files: readonly Storage[]
  readonly #stretches: readonly Stretch[]

  constructor(stretches: readonly [Stretch, ...Stretch[]]) {
    const [{ disk: first }] = stretches
    this.format = first.top.format
    this.storage = first.top.storage
    this.virtualSize = stretches.reduce((sum, { length }) => sum + length, 0)
    this.files = stretches
      .flatMap(({ disk }) => disk.layers.flatMap((layer) => [layer.storage, ...(layer.files ?? [])]))
      .slice(1)
    this.#stretches = stretches
  }

  async describe(): Promise<Details> {
    const all = await Promise.all(this.#stretches.map(async ({ disk }) => disk.top.describe()))
    const snapshots = all.flatMap((one) => one.snapshots ?? [])
    const bitmaps = all.flatMap((one) => one.bitmaps ?? [])
    return { ...(snapshots.length > 0 && { snapshots }), ...(bitmaps.length > 0 && { bitmaps }) }
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    let start = 0
    for (const stretch of this.#stretches) {
      const inside = offset - start
      const wanted = Math.min(length, stretch.length - inside)
      if (wanted > 0) {
        const there = stretch.disk.size - stretch.offset - inside
        if (there <= 0) return [{ kind: 'zero', length: wanted }]
        return stretch.disk.map(stretch.offset + inside, Math.min(wanted, there))
      }
      start += stretch.length
    }
    throw new SpindleError('internal', `byte ${offset} lies behind the last of the disks`)
  }

  async close(): Promise<void> {
    for (const disk of new Set(this.#stretches.map((one) => one.disk))) await disk.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
