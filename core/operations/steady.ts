// Whether the files that are copied from stay as long as they were: what is cut off meanwhile would be taken for zeros.

import type { VirtualDisk } from '../image/virtual-disk.ts'
import { shortened } from '../storage/file.ts'
import type { Storage } from '../storage/storage.ts'

export class Steady {
  readonly #sizes: ReadonlyMap<Storage, number>

  private constructor(sizes: ReadonlyMap<Storage, number>) {
    this.#sizes = sizes
  }

  /** All files of a disk, as long as they are now. */
  static async of({ layers }: VirtualDisk): Promise<Steady> {
    const storages = layers.flatMap(({ storage, files = [] }) => [storage, ...files])
    return new Steady(new Map(await Promise.all(storages.map(async (one) => [one, await one.size()] as const))))
  }

  /** Throws `io` when one has become shorter. */
  async check(): Promise<void> {
    for (const [storage, before] of this.#sizes) {
      const size = await storage.size()
      if (size < before) throw shortened(storage.name, before, size)
    }
  }
}
