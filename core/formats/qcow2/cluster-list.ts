// Cluster numbers gathered by the hundred thousand, to be gone through in file order.

/** A list is full with this many; what belongs together may still be added. */
const FULL = 256 * 1024

export class ClusterList {
  #clusters = new Float64Array(2 * FULL)
  #length = 0
  #isAscending = true

  get isFull(): boolean {
    return this.#length >= FULL
  }

  add(cluster: number): void {
    if (this.#length === this.#clusters.length) {
      const larger = new Float64Array(2 * this.#length)
      larger.set(this.#clusters)
      this.#clusters = larger
    }
    if (this.#length > 0 && cluster < (this.#clusters[this.#length - 1] ?? 0)) this.#isAscending = false
    this.#clusters[this.#length] = cluster
    this.#length += 1
  }

  /** Ascending, each as often as it was added; good until the next one is added. The list is empty afterwards. */
  take(): Float64Array {
    const taken = this.#clusters.subarray(0, this.#length)
    if (!this.#isAscending) taken.sort()
    this.#length = 0
    this.#isAscending = true
    return taken
  }
}
