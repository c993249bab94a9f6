// The end of an image under construction: clusters are given out one after the other.

export class Frontier {
  #next = 1

  /** The next cluster's number; cluster 0 is the header's. */
  get next(): number {
    return this.#next
  }

  /** Takes `count` clusters that lie together and returns the first one's number. */
  take(count: number): number {
    this.#next += count
    return this.#next - count
  }
}
