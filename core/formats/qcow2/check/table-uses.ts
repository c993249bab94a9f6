// Which L2 tables there are, and how many L1 entries lead to each: snapshots share most of theirs with the disk.

/** Offsets are whole sectors: halved into flag and sector number they stay exact far beyond 2^53. */
const SECTOR = 512
const FIRST_ROOM = 1024
/** What has been gathered is counted together once it is this many entries, and more than what is distinct. */
const GATHERED = 1024 * 1024

/** Ascending by offset. `active` and `all` count L1 entries: those of the disk itself, and the snapshots' as well. */
export interface TableUses {
  readonly offsets: Float64Array
  readonly active: Uint32Array
  readonly all: Uint32Array
}

export class TableUseCounter {
  #entries = new Float64Array(FIRST_ROOM)
  #length = 0
  #known: TableUses = { offsets: new Float64Array(0), active: new Uint32Array(0), all: new Uint32Array(0) }

  add(offset: number, isActive: boolean): void {
    if (this.#length === this.#entries.length) this.#grow()
    this.#entries[this.#length] = (offset / SECTOR) * 2 + (isActive ? 1 : 0)
    this.#length += 1
  }

  finish(): TableUses {
    this.#merge()
    return this.#known
  }

  #grow(): void {
    if (this.#length >= Math.max(GATHERED, this.#known.offsets.length)) {
      this.#merge()
      return
    }
    const larger = new Float64Array(this.#length * 2)
    larger.set(this.#entries)
    this.#entries = larger
  }

  #merge(): void {
    const entries = this.#entries.subarray(0, this.#length).toSorted()
    const known = this.#known
    const room = known.offsets.length + this.#length
    const merged = { offsets: new Float64Array(room), active: new Uint32Array(room), all: new Uint32Array(room) }
    let count = 0
    let old = 0
    let next = 0
    while (old < known.offsets.length || next < entries.length) {
      const fromKnown = known.offsets[old] ?? Infinity
      const fromEntries = Math.floor((entries[next] ?? Infinity) / 2) * SECTOR
      const offset = Math.min(fromKnown, fromEntries)
      let active = 0
      let all = 0
      if (fromKnown === offset) {
        active += known.active[old] ?? 0
        all += known.all[old] ?? 0
        old += 1
      }
      for (; next < entries.length && Math.floor((entries[next] ?? 0) / 2) * SECTOR === offset; next += 1) {
        active += (entries[next] ?? 0) % 2
        all += 1
      }
      merged.offsets[count] = offset
      merged.active[count] = active
      merged.all[count] = all
      count += 1
    }
    this.#known = {
      offsets: merged.offsets.slice(0, count),
      active: merged.active.slice(0, count),
      all: merged.all.slice(0, count),
    }
    this.#length = 0
  }
}
