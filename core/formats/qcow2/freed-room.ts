// Room that nothing counts any more, until the file system gets it back.

import type { Run } from './allocator.ts'
import type { ImageFile } from './image-file.ts'
import type { Refcounts } from './refcounts.ts'

export class FreedRoom {
  readonly #file: ImageFile
  readonly #refcounts: Refcounts
  #runs: Run[] = []

  constructor(file: ImageFile, refcounts: Refcounts) {
    this.#file = file
    this.#refcounts = refcounts
  }

  add(runs: readonly Run[]): void {
    for (const run of runs) this.#runs.push(run)
  }

  addClusters(clusters: readonly number[]): void {
    let run: { first: number; count: number } | undefined
    for (const cluster of clusters.toSorted((left, right) => left - right)) {
      if (run && run.first + run.count === cluster) run.count += 1
      else this.#runs.push((run = { first: cluster, count: 1 }))
    }
  }

  /** What has been used again meanwhile stays. Durable. */
  async giveBack(): Promise<void> {
    if (this.#runs.length === 0) return
    const { storage, geometry } = this.#file
    const size = await storage.size()
    for (const run of this.#runs) {
      for await (const { first, count } of this.#unused(run)) {
        const start = first * geometry.clusterSize
        const end = Math.min(start + count * geometry.clusterSize, size)
        if (end > start) await storage.discard(start, end - start)
      }
    }
    this.#runs = []
    await storage.flush()
  }

  async *#unused({ first, count }: Run): AsyncGenerator<Run, void, undefined> {
    let start = first
    for (let cluster = first; cluster < first + count; cluster += 1) {
      if ((this.#refcounts.peek(cluster) ?? (await this.#refcounts.count(cluster))) === 0) continue
      if (cluster > start) yield { first: start, count: cluster - start }
      start = cluster + 1
    }
    if (first + count > start) yield { first: start, count: first + count - start }
  }
}
