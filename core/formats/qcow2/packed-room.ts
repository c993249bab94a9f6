// Where packed clusters go while an image is built: byte after byte, several of them in one host cluster.

import type { Frontier } from './frontier.ts'
import type { Geometry } from './geometry.ts'

const CHUNK = 4096

/** How often each cluster is used beyond once: more with packed data in it, less when it was given up. */
export class ExtraCounts {
  readonly #chunks = new Map<number, Int32Array>()

  of(cluster: number): number {
    return this.#chunks.get(Math.floor(cluster / CHUNK))?.[cluster % CHUNK] ?? 0
  }

  add(cluster: number, times = 1): void {
    const index = Math.floor(cluster / CHUNK)
    let chunk = this.#chunks.get(index)
    if (!chunk) this.#chunks.set(index, (chunk = new Int32Array(CHUNK)))
    chunk[cluster % CHUNK] = (chunk[cluster % CHUNK] ?? 0) + times
  }

  /** Clusters from `first` on, below `end`, that are not used just once, with how often beyond that. */
  *within(first: number, end: number): Generator<{ readonly cluster: number; readonly extra: number }> {
    if (this.#chunks.size === 0) return
    for (let cluster = first; cluster < end; cluster += 1) {
      const extra = this.of(cluster)
      if (extra !== 0) yield { cluster, extra }
    }
  }
}

export class PackedRoom {
  readonly #clusterSize: number
  readonly #maxExtra: number
  readonly #frontier: Frontier
  readonly #extra: ExtraCounts
  /** Host byte after the stream placed last; 0 before the first. */
  #end = 0

  /** `maxCount` is the largest reference count a cluster may have. */
  constructor(geometry: Geometry, maxCount: number, frontier: Frontier, extra: ExtraCounts) {
    this.#clusterSize = geometry.clusterSize
    this.#maxExtra = maxCount - 1
    this.#frontier = frontier
    this.#extra = extra
  }

  /** Host offset for a stream of `length` bytes, less than a cluster; counts it in every cluster it touches. */
  place(length: number): number {
    const size = this.#clusterSize
    const cluster = Math.floor(this.#end / size)
    const used = this.#end % size
    const canShare = used > 0 && this.#extra.of(cluster) < this.#maxExtra
    const runsOver = used + length > size
    if (canShare && runsOver && this.#frontier.next === cluster + 1) {
      this.#frontier.take(1)
    } else if (!canShare || runsOver) {
      this.#end = this.#frontier.take(1) * size + length
      return this.#end - length
    }
    this.#extra.add(cluster)
    this.#end += length
    return this.#end - length
  }
}
