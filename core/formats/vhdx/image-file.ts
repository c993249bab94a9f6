// What the parts of one open image share: the file, its headers, its metadata and its table of blocks.

import { damaged } from '../../image/damage.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { Bat } from './bat.ts'
import type { BatEntry } from './bat.ts'
import { bitmapIndex, blockIndex } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import type { Headers } from './headers.ts'
import { ALIGNMENT, BAT_ENTRY_SIZE, BITMAP, BLOCK } from './layout.ts'
import type { Metadata } from './metadata.ts'
import type { Region, Regions } from './regions.ts'
import { SectorBitmaps } from './sector-bitmaps.ts'

/** Where a block is, held against the format’s rules. */
export type BlockState =
  | { readonly kind: 'hole' }
  | { readonly kind: 'zero' }
  | { readonly kind: 'data'; readonly offset: number }
  /** Some of its sectors are here, and the others in the parent. */
  | { readonly kind: 'partial'; readonly offset: number }

export interface ImageFileParts {
  readonly storage: Storage
  /** The same, or how it will be once its log is replayed. */
  readonly content: Storage
  readonly headers: Headers
  readonly regions: Regions
  readonly metadata: Metadata
  /** Bytes, of `content`. */
  readonly size: number
}

export class ImageFile {
  readonly storage: Storage
  readonly content: Storage
  readonly headers: Headers
  readonly metadata: Metadata
  readonly bitmaps: SectorBitmaps
  /** Bytes; grows with the file. */
  size: number
  #regions: Regions
  #bat: Bat
  #taken: readonly Pick<Region, 'offset' | 'length'>[]

  constructor(parts: ImageFileParts) {
    this.storage = parts.storage
    this.content = parts.content
    this.headers = parts.headers
    this.metadata = parts.metadata
    this.size = parts.size
    this.#regions = parts.regions
    this.#bat = new Bat(parts.content, parts.regions.bat)
    this.#taken = this.#takenPlaces()
    this.bitmaps = new SectorBitmaps(this)
  }

  get regions(): Regions {
    return this.#regions
  }

  get bat(): Bat {
    return this.#bat
  }

  get geometry(): Geometry {
    return this.metadata.geometry
  }

  /** Places that can hold no block: headers, log and regions. */
  get taken(): readonly Pick<Region, 'offset' | 'length'>[] {
    return this.#taken
  }

  /** The regions are elsewhere from now on. Nothing in the table of blocks may wait to be written. */
  moveRegions(regions: Regions): void {
    this.#regions = regions
    this.#bat = new Bat(this.content, regions.bat)
    this.#taken = this.#takenPlaces()
  }

  /** Throws `invalid-image` for an entry that leads to no place for a block. */
  blockState(block: number, entry: BatEntry): BlockState {
    const { state, offset } = entry
    const problem = this.blockProblem(entry)
    if (problem !== undefined) {
      const index = blockIndex(this.geometry, block)
      const guest = block * this.geometry.blockSize
      const place = this.regions.bat.offset + index * BAT_ENTRY_SIZE
      throw damaged(
        this.storage.name,
        `the block with the guest’s bytes from ${guest} on ${problem} (entry ${index} of the table of blocks, at offset ${place})`,
        place,
      )
    }
    if (state === BLOCK.present) return { kind: 'data', offset }
    if (state === BLOCK.partial) return { kind: 'partial', offset }
    return { kind: state === BLOCK.notPresent ? 'hole' : 'zero' }
  }

  /** Why an entry leads to no place for a block: a clause without its subject. */
  blockProblem({ state, offset }: BatEntry): string | undefined {
    const { blockSize, hasParent } = this.geometry
    if (state === BLOCK.partial && !hasParent) return 'is to be completed from a parent, and the image has none'
    if (state === BLOCK.present || state === BLOCK.partial) return this.placeProblem(offset, blockSize)
    const isKnown = state <= BLOCK.unmapped || state === BLOCK.unmappedOld
    return isKnown ? undefined : `is in state ${state}, which does not exist`
  }

  /** The same for the entry of a bitmap. */
  bitmapProblem({ state, offset }: BatEntry): string | undefined {
    if (state === BITMAP.present) return this.placeProblem(offset, MiB)
    return state === BITMAP.notPresent ? undefined : `is in state ${state}, which does not exist`
  }

  placeProblem(offset: number, length: number): string | undefined {
    if (offset >= this.size) return `would be at offset ${offset}, past the end of the file at ${this.size}`
    const region = this.#taken.find((one) => one.offset < offset + length && offset < one.offset + one.length)
    return region && `would be at offset ${offset}, where the file’s own tables are`
  }

  /** Where the bitmap of a block’s sectors starts. Throws `invalid-image` when there is none. */
  async bitmapOffset(block: number): Promise<number> {
    const index = bitmapIndex(this.geometry, Math.floor(block / this.geometry.chunkRatio))
    const entry = await this.bat.entry(index)
    const problem = entry.state === BITMAP.present ? this.bitmapProblem(entry) : 'is missing'
    if (problem === undefined) return entry.offset
    const guest = block * this.geometry.blockSize
    const place = this.regions.bat.offset + index * BAT_ENTRY_SIZE
    throw damaged(
      this.storage.name,
      `the bitmap that says which of the guest’s bytes from ${guest} on are here ${problem} (entry ${index} of the table of blocks, at offset ${place})`,
      place,
    )
  }

  #takenPlaces(): readonly Pick<Region, 'offset' | 'length'>[] {
    const { log_offset: offset, log_length: length } = this.headers.current
    return [{ offset: 0, length: ALIGNMENT }, { offset, length }, ...this.#regions.all]
  }
}
