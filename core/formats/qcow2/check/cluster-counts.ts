// How often each cluster of a file is referred to: pages of counts that exist only where something is referred to.

/** Small, so that references scattered over a huge sparse file cost little more than they take on disk. */
export const PAGE_CLUSTERS = 256
const PAGES_PER_CHUNK = 1024
/** A page found before is found again here without asking the map. */
const CACHED_PAGES = 65_536

/** Beside the count each cluster notes how the disk itself, not a snapshot, refers to it. */
export const SAYS_COPIED = 0x8000
export const SAYS_SHARED = 0x4000
/** The count's own bits; where all are set, the count is in a map. */
export const COUNT_BITS = 0x3fff

const EMPTY = new Uint16Array(PAGE_CLUSTERS)

export class ClusterCounts {
  readonly #slots = new Map<number, number>()
  readonly #chunks: Uint16Array[] = []
  readonly #large = new Map<number, number>()
  readonly #cachedPages = new Float64Array(CACHED_PAGES).fill(-1)
  readonly #cachedSlots = new Int32Array(CACHED_PAGES)
  #last = -1
  #lastPage: Uint16Array = EMPTY
  #end = 0

  /** Behind the last cluster ever referred to. */
  get end(): number {
    return this.#end
  }

  /** Notes `times` references at once; `flag` is SAYS_COPIED, SAYS_SHARED or 0. */
  add(cluster: number, times: number, flag: number): void {
    // The bits of PAGE_CLUSTERS - 1; a remainder of numbers past 2^31 would be slow.
    const index = cluster & (PAGE_CLUSTERS - 1)
    const number = (cluster - index) / PAGE_CLUSTERS
    const page = number === this.#last ? this.#lastPage : this.#open(number)
    if (cluster >= this.#end) this.#end = cluster + 1
    const value = page[index] ?? 0
    const count = (value & COUNT_BITS) + times
    if (count < COUNT_BITS) page[index] = (value & ~COUNT_BITS) | count | flag
    else this.#addLarge(page, index, cluster, times, flag)
  }

  /** The same for clusters side by side: the way most data lies, so this is quicker than one by one. */
  addRange(first: number, count: number, times = 1, flag = 0): void {
    const end = first + count
    const fresh = times < COUNT_BITS ? times | flag : 0
    for (let cluster = first; cluster < end;) {
      this.add(cluster, times, flag)
      cluster += 1
      const page = this.#lastPage
      let index = cluster & (PAGE_CLUSTERS - 1)
      const stop = Math.min(PAGE_CLUSTERS, index + (end - cluster))
      const from = index
      if (index > 0 && fresh > 0) for (; index < stop && page[index] === 0; index += 1) page[index] = fresh
      cluster += index - from
      if (cluster > this.#end) this.#end = cluster
    }
  }

  /** Takes one reference back. */
  remove(cluster: number): void {
    const count = this.get(cluster)
    if (count === 0) return
    const page = this.#open(Math.floor(cluster / PAGE_CLUSTERS))
    const index = cluster % PAGE_CLUSTERS
    const flags = (page[index] ?? 0) & ~COUNT_BITS
    this.#large.delete(cluster)
    page[index] = flags
    this.add(cluster, count - 1, 0)
  }

  get(cluster: number): number {
    const value = this.page(Math.floor(cluster / PAGE_CLUSTERS))?.[cluster % PAGE_CLUSTERS] ?? 0
    return this.exact(cluster, value)
  }

  /** The count of a cluster whose value in its page is `value`. */
  exact(cluster: number, value: number): number {
    const count = value & COUNT_BITS
    return count === COUNT_BITS ? (this.#large.get(cluster) ?? count) : count
  }

  /** Counts and flags of the clusters from `number` * PAGE_CLUSTERS on; undefined when none is referred to. */
  page(number: number): Uint16Array | undefined {
    const slot = this.#slots.get(number)
    return slot === undefined ? undefined : this.#at(slot)
  }

  /** Ascending. */
  pageNumbers(): Float64Array {
    return Float64Array.from(this.#slots.keys()).toSorted()
  }

  #open(number: number): Uint16Array {
    const place = number % CACHED_PAGES
    let slot = this.#cachedPages[place] === number ? this.#cachedSlots[place] : this.#slots.get(number)
    if (slot === undefined) {
      slot = this.#slots.size
      if (slot % PAGES_PER_CHUNK === 0) this.#chunks.push(new Uint16Array(PAGES_PER_CHUNK * PAGE_CLUSTERS))
      this.#slots.set(number, slot)
    }
    this.#cachedPages[place] = number
    this.#cachedSlots[place] = slot
    this.#last = number
    this.#lastPage = this.#at(slot)
    return this.#lastPage
  }

  #at(slot: number): Uint16Array {
    const start = (slot % PAGES_PER_CHUNK) * PAGE_CLUSTERS
    return this.#chunks[Math.floor(slot / PAGES_PER_CHUNK)]?.subarray(start, start + PAGE_CLUSTERS) ?? EMPTY
  }

  #addLarge(page: Uint16Array, index: number, cluster: number, times: number, flag: number): void {
    const value = page[index] ?? 0
    this.#large.set(cluster, this.exact(cluster, value) + times)
    page[index] = value | COUNT_BITS | flag
  }
}
