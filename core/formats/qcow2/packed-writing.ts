// Packed clusters written into an open image: byte after byte, several of them in one host cluster.

import { roundUp } from '../../model/units.ts'
import type { Changes } from './changes.ts'
import type { CompressedEntry } from './entries.ts'
import type { ImageFile } from './image-file.ts'

/** The room an entry is given ends with a sector. */
const SECTOR = 512

export class PackedWriting {
  readonly #file: ImageFile
  /** Host byte behind the stream written last; 0 where the next one starts in a cluster of its own. */
  #end = 0

  constructor(file: ImageFile) {
    this.#file = file
  }

  /** To be called when room may become free: nobody knows then whose the rest of the last cluster is. */
  reset(): void {
    this.#end = 0
  }

  /** Writes the bytes, less than a cluster, where nothing leads to them yet. Their room is counted. */
  async write(changes: Changes, packed: Uint8Array): Promise<CompressedEntry> {
    const { storage } = this.#file
    const offset = await this.#place(changes, packed.length)
    const end = roundUp(offset + packed.length, SECTOR)
    const bytes = new Uint8Array(end - offset)
    bytes.set(packed)
    await storage.write(offset, bytes)
    this.#end = offset + packed.length
    return { kind: 'compressed', offset, length: end - offset }
  }

  /** An entry speaks of whole sectors, so the clusters these touch are counted. */
  async #place(changes: Changes, length: number): Promise<number> {
    const { clusterSize } = this.#file.geometry
    const { refcounts } = changes
    const cluster = Math.floor(this.#end / clusterSize)
    const inside = this.#end % clusterSize
    if (inside > 0 && inside + length <= clusterSize) {
      const count = await refcounts.count(cluster)
      if (count > 0 && count < refcounts.max) {
        await refcounts.set(cluster, 1, count + 1)
        return this.#end
      }
    }
    const { first } = await changes.allocate(1)
    return first * clusterSize
  }
}
