// Which state of the disk the clusters of a file belong to, a part of the file at a time.

/** Nobody refers to the cluster. */
export const NOBODY = 0
/** States are numbered from 1; this is more than one of them. */
export const SEVERAL = 2 ** 32 - 1

/** As many clusters are looked at in one go: 64 MiB of memory. */
export const WINDOW_CLUSTERS = 8 * 1024 * 1024

/** The owners of the clusters from `first` up to `end`; what is told of others is passed over. */
export class OwnerWindow {
  readonly first: number
  readonly end: number
  readonly #owners: Uint32Array
  readonly #references: Uint32Array

  constructor(first: number, end: number) {
    this.first = first
    this.end = end
    this.#owners = new Uint32Array(end - first)
    this.#references = new Uint32Array(end - first)
  }

  /** `owner` refers to `count` clusters from `cluster` on, `times` times each. */
  add(cluster: number, count: number, owner: number, times: number): void {
    const stop = Math.min(cluster + count, this.end) - this.first
    for (let index = Math.max(cluster, this.first) - this.first; index < stop; index += 1) {
      const known = this.#owners[index]
      if (known !== owner) this.#owners[index] = known === NOBODY ? owner : SEVERAL
      this.#references[index] = (this.#references[index] ?? 0) + times
    }
  }

  owner(cluster: number): number {
    return this.#owners[cluster - this.first] ?? NOBODY
  }

  /** How often it is referred to. */
  references(cluster: number): number {
    return this.#references[cluster - this.first] ?? 0
  }
}
