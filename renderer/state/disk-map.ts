// What is known of a volume's map at one moment: the state of every part, and of ever larger parts.

import type { ErrorData, MapSpace } from '../../core/model/index.ts'
import { KiB, MAP_STATES } from '../../core/model/index.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'

/** Where states can change anywhere, as in raw files, file systems still deal in blocks. */
export const ANYWHERE = 4 * KiB
/** Bytes of the smallest cell. */
export const SMALLEST_CELL = 512
/** Cells that are asked for together where they are smaller than those of level 0. */
export const TILE = 2048

export interface MapFacts {
  readonly volume: VolumeId
  readonly space: MapSpace
  /** Bytes; 0 while nothing is known. */
  readonly size: number
  /** Bytes of a cell of level 0. */
  readonly granularity: number
  readonly blockSize: number
  readonly hasFileMap: boolean
  /** Cells of level 0 that are known, from the first on. */
  readonly known: number
  /** In the order of MAP_STATES. */
  readonly bytes: readonly number[]
  readonly isDone: boolean
  readonly error?: ErrorData
}

export const NOTHING: Omit<MapFacts, 'volume' | 'space'> = {
  size: 0,
  granularity: ANYWHERE,
  blockSize: 1,
  hasFileMap: false,
  known: 0,
  bytes: MAP_STATES.map(() => 0),
  isDone: false,
}

/** Cells below level 0, by level and number of the tile; whoever looks at one that is not there has it fetched. */
export interface Tiles {
  get(level: number, tile: number): Uint8Array | undefined
}

export class DiskMap {
  readonly facts: MapFacts
  /** Level k has cells of granularity * 2^k bytes. */
  readonly #levels: readonly Uint8Array[]
  readonly #tiles: Tiles

  constructor(facts: MapFacts, levels: readonly Uint8Array[], tiles: Tiles) {
    this.facts = facts
    this.#levels = levels
    this.#tiles = tiles
  }

  get levelCount(): number {
    return this.#levels.length
  }

  /** How often a cell of level 0 can be halved. */
  get finestLevel(): number {
    const { space, size, granularity, blockSize } = this.facts
    if (space === 'file' || size === 0) return 0
    return -Math.max(0, Math.floor(Math.log2(granularity / Math.max(SMALLEST_CELL, blockSize))))
  }

  cellSize(level: number): number {
    return this.facts.granularity * 2 ** level
  }

  cellCount(level: number): number {
    return Math.ceil(this.facts.size / this.cellSize(level))
  }

  /** The bits of a cell; undefined while they are not known. */
  cell(level: number, index: number): number | undefined {
    if (level < 0) {
      const tile = this.#tiles.get(level, Math.floor(index / TILE))
      return tile ? tile[index % TILE] : this.cell(0, Math.floor(index * 2 ** level))
    }
    const { isDone, known } = this.facts
    if (!isDone && (index + 1) * 2 ** level > known) return undefined
    return this.#levels[level]?.[index] ?? 0
  }

  /**
   * The first cell of level 0 after `from` that holds something else than it. Backwards, where its run begins, or the
   * one before when it begins there itself.
   */
  nextChange(from: number, direction: 1 | -1): number | undefined {
    const [cells] = this.#levels
    if (!cells) return undefined
    let at = from
    if (direction === 1) {
      while (at < this.facts.known && cells[at] === cells[from]) at += 1
      return at < this.facts.known ? at : undefined
    }
    at -= 1
    while (at > 0 && cells[at - 1] === cells[at]) at -= 1
    return at < 0 ? undefined : at
  }
}
