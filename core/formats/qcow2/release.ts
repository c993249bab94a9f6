// Letting go of what an owner no longer leads to: counts fall, and what reaches none is given back.

import type { Run } from './allocator.ts'
import type { Changes } from './changes.ts'
import { ClusterList } from './cluster-list.ts'
import { damaged } from './damage.ts'
import type { ImageFile } from './image-file.ts'
import { gather, tablesOf } from './tree.ts'
import type { Root, TreeWork } from './tree.ts'

/** Counts everything the root leads to once less, durably. On disk, nothing leads from it to anything any more. */
export async function release({ file, changes, pace }: TreeWork, root: Root): Promise<void> {
  const releasing = new Release(file, changes)
  for await (const { table, index } of tablesOf(file, root, pace)) {
    gather(file, table, index, releasing.clusters)
    if (releasing.clusters.isFull) await releasing.lower()
  }
  await releasing.finish()
}

/** The same for clusters that lie together. */
export async function releaseRuns({ file, changes }: TreeWork, runs: readonly Run[]): Promise<void> {
  const releasing = new Release(file, changes)
  for (const { first, count } of runs) {
    for (let cluster = first; cluster < first + count; cluster += 1) releasing.clusters.add(cluster)
  }
  await releasing.finish()
}

/** The same for clusters of refcount blocks, with which their own counts may be gone already. */
export async function releaseUncounted({ file, changes }: TreeWork, clusters: readonly number[]): Promise<void> {
  const releasing = new Release(file, changes)
  for (const cluster of clusters) {
    if ((await changes.refcounts.count(cluster)) > 0) releasing.clusters.add(cluster)
    else releasing.free(cluster)
  }
  await releasing.finish()
}

/** Clusters that lose an owner each, and what becomes free by that. */
export class Release {
  readonly clusters = new ClusterList()
  readonly #file: ImageFile
  readonly #changes: Changes
  readonly #freed: { first: number; count: number }[] = []

  constructor(file: ImageFile, changes: Changes) {
    this.#file = file
    this.#changes = changes
  }

  async lower(): Promise<void> {
    const { clusterSize } = this.#file.geometry
    await this.#changes.refcounts.update(this.clusters.take(), (count, times, cluster) => {
      if (count < times)
        throw damaged(
          this.#file.storage.name,
          `the reference count of cluster ${cluster}, which is in use, is too low`,
          cluster * clusterSize,
        )
      if (count === times) this.free(cluster)
      return count - times
    })
  }

  /** Gives the file system its room back, once nothing counts it any more. */
  async finish(): Promise<void> {
    await this.lower()
    await this.#changes.refcounts.writeBack()
    await this.#file.storage.flush()
    await this.#changes.freeRoom(this.#freed)
  }

  /** Nothing counts the cluster any more. */
  free(cluster: number): void {
    const { allocator, metadata } = this.#changes
    this.#file.l2Tables.forget(cluster * this.#file.geometry.clusterSize)
    metadata.delete(cluster)
    allocator.freed(cluster)
    const last = this.#freed.at(-1)
    if (last && last.first + last.count === cluster) last.count += 1
    else this.#freed.push({ first: cluster, count: 1 })
  }
}
