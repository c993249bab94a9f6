// Writing where guest offset and file offset are the same: every byte has its place already.

import type { Storage } from '../storage/storage.ts'
import type { LayerWriter, Room } from './driver.ts'

export class PlainWriter implements LayerWriter {
  readonly #storage: Storage
  readonly #size: number

  constructor(storage: Storage, size: number) {
    this.#storage = storage
    this.#size = size
  }

  async reserve(offset: number, length: number): Promise<Room> {
    const inside = Math.min(length, this.#size - offset)
    return { start: offset, length: inside, storage: this.#storage, offset, linked: true, link: async () => {} }
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    if (unmap) await this.#storage.discard(offset, length)
    else await this.#storage.zero(offset, length)
    return length
  }

  async discard(offset: number, length: number): Promise<number> {
    await this.#storage.discard(offset, length)
    return length
  }

  async flush(): Promise<void> {
    await this.#storage.flush()
  }
}
