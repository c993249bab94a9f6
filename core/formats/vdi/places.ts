// Which places for blocks in the file are taken. Other programs put the next block behind all others, so there are no gaps to be left.

import { ClusterSet } from '../../image/cluster-set.ts'
import type { Pace } from '../../jobs/pace.ts'
import { readOnly } from '../../image/damage.ts'
import type { Table } from '../../image/table-cache.ts'
import type { SpindleError } from '../../model/error.ts'
import { ENTRY_SIZE } from './layout.ts'
import { ENTRIES_PER_PAGE } from './vdi-file.ts'
import type { VdiFile } from './vdi-file.ts'

export interface Run {
  readonly first: number
  readonly count: number
}

export class Places {
  readonly #taken: ClusterSet
  /** All places before this one are taken. */
  #next = 0
  #end: number

  private constructor(taken: ClusterSet, end: number) {
    this.#taken = taken
    this.#end = end
  }

  /** Throws `invalid-image` where two entries lead to one place, or one leads nowhere. */
  static async read(file: VdiFile): Promise<Places> {
    const taken = new ClusterSet()
    let end = 0
    for await (const { page, first, end: last } of mapPages(file)) {
      for (let block = first; block < last; block += 1) {
        if (file.host(page, block) === undefined) continue
        const place = file.entry(page, block)
        if (taken.has(place)) throw sharedPlace(file, block, place)
        taken.add(place)
        end = Math.max(end, place + 1)
      }
    }
    return new Places(taken, end)
  }

  /** Where the last place that is taken ends; what the header calls the number of blocks allocated. */
  get end(): number {
    return this.#end
  }

  /** The lowest places that are free, at most `count` of them and at least one; they lie together. */
  take(count: number): Run {
    while (this.#taken.has(this.#next)) this.#next += 1
    const first = this.#next
    let end = first + 1
    while (end < first + count && !this.#taken.has(end)) end += 1
    this.#taken.add(first, end - first)
    this.#next = end
    this.#end = Math.max(this.#end, end)
    return { first, count: end - first }
  }

  giveBack({ first, count }: Run): void {
    this.#taken.delete(first, count)
    this.#next = Math.min(this.#next, first)
    while (this.#end > 0 && !this.#taken.has(this.#end - 1)) this.#end -= 1
  }
}

/** The blocks from `first` up to, not including, `end`, whose entries are in one page of the map. */
export interface MapPage {
  readonly page: Table
  readonly first: number
  readonly end: number
}

/** The whole map, in guest order. `pace` is told all bytes of the disk. */
export async function* mapPages(file: VdiFile, pace?: Pace): AsyncGenerator<MapPage> {
  const { blocks } = file
  const { block_size } = file.header
  for (let first = 0; first < blocks; first += ENTRIES_PER_PAGE) {
    const end = Math.min(blocks, first + ENTRIES_PER_PAGE)
    yield { page: await file.page(first), first, end }
    const told = (block: number): number => Math.min(block * block_size, file.virtualSize)
    await pace?.(told(end) - told(first))
  }
}

function sharedPlace({ storage, header }: VdiFile, block: number, place: number): SpindleError {
  return readOnly(
    storage.name,
    `has two blocks in one place (entry ${block} of the block map leads to place ${place}, as one before it does)`,
    header.offset_bmap + block * ENTRY_SIZE,
  )
}
