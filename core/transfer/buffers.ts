// Memory for bytes on their way, used again and again.

import { KiB, MiB } from '../model/units.ts'

/** Fits a core's own cache, where copying through it is fastest. */
export const SCRATCH_SIZE = 512 * KiB

export class Buffers {
  /** For whoever works just now; never kept across windows. */
  readonly scratch = new Uint8Array(SCRATCH_SIZE)
  readonly #free: Uint8Array[] = []

  /** At least `size` bytes with anything in them. To be given back. */
  take(size: number): Uint8Array {
    const index = this.#free.findIndex((buffer) => buffer.length >= size)
    const [found] = index < 0 ? [] : this.#free.splice(index, 1)
    return found ?? new Uint8Array(Math.ceil(size / MiB) * MiB)
  }

  give(buffer: Uint8Array): void {
    this.#free.push(buffer)
  }
}
