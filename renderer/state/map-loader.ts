// Fills a map piece by piece as the engine answers, and tells of each piece.

import type { CheckReport, MapCells, MapSpace } from '../../core/model/index.ts'
import { KiB, errorData, stateBit } from '../../core/model/index.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'
import { api } from './api.ts'
import { ANYWHERE, DiskMap, NOTHING, SMALLEST_CELL, TILE } from './disk-map.ts'
import type { MapFacts } from './disk-map.ts'

/** A byte each; twice that with the levels above. */
const MAX_CELLS = 2 ** 24
/** The engine works all of a file out for each answer. */
const MAX_FILE_CELLS = 2 ** 20
/** Cells asked for at once. */
const CHUNK = 2 ** 20
const MAX_TILES = 64

export class MapLoader {
  readonly #report: CheckReport | undefined
  readonly #changed: (map: DiskMap) => void
  #facts: MapFacts
  #levels: readonly Uint8Array[] = []
  /** Undefined while they are on their way. */
  readonly #tiles = new Map<string, Uint8Array | undefined>()
  #stopped = false

  constructor(volume: VolumeId, space: MapSpace, report: CheckReport | undefined, changed: (map: DiskMap) => void) {
    this.#facts = { ...NOTHING, volume, space }
    this.#report = report
    this.#changed = changed
  }

  stop(): void {
    this.#stopped = true
  }

  async load(fileSize: number): Promise<void> {
    try {
      if (this.#facts.space === 'guest') await this.#loadGuest()
      else await this.#loadFile(fileSize)
      this.#tell({ isDone: true })
    } catch (error) {
      this.#tell({ error: errorData(error) })
    }
  }

  async #loadGuest(): Promise<void> {
    const { volume, space } = this.#facts
    const head = await api.mapCells(volume, { space, offset: 0, cellSize: SMALLEST_CELL, cellCount: 1 })
    this.#prepare(head, MAX_CELLS)
    const { granularity } = this.#facts
    const count = Math.ceil(head.size / granularity)
    while (this.#facts.known < count && !this.#stopped) {
      const offset = this.#facts.known * granularity
      this.#take(await api.mapCells(volume, { space, offset, cellSize: granularity, cellCount: CHUNK }))
    }
  }

  async #loadFile(fileSize: number): Promise<void> {
    const { volume, space } = this.#facts
    let cellSize = 64 * KiB
    while (fileSize / cellSize > MAX_FILE_CELLS) cellSize *= 2
    const answer = await api.mapCells(volume, { space, offset: 0, cellSize, cellCount: MAX_FILE_CELLS })
    this.#prepare({ ...answer, blockSize: cellSize }, MAX_FILE_CELLS)
    this.#take(answer)
  }

  #prepare({ size, blockSize, hasFileMap }: MapCells, most: number): void {
    let granularity = blockSize === 1 ? ANYWHERE : blockSize
    while (size / granularity > most) granularity *= 2
    const levels: Uint8Array[] = []
    for (let count = Math.ceil(size / granularity); ; count = Math.ceil(count / 2)) {
      levels.push(new Uint8Array(count))
      if (count <= 1) break
    }
    this.#levels = levels
    this.#tell({ size, blockSize, hasFileMap, granularity })
  }

  #take({ cells, bytes }: MapCells): void {
    const first = this.#facts.known
    const known = first + cells.length
    this.#levels[0]?.set(cells, first)
    this.#mark(first, known)
    this.#raise(first, known)
    this.#tell({ known, bytes: this.#facts.bytes.map((sum, state) => sum + (bytes[state] ?? 0)) })
  }

  /** What a check found to be wrong. */
  #mark(first: number, end: number): void {
    const [base] = this.#levels
    if (!base || !this.#report) return
    const { space, granularity } = this.#facts
    for (const { kind, guestOffset, hostOffset, count } of this.#report.findings) {
      const offset = space === 'guest' ? guestOffset : hostOffset
      if (offset === undefined || kind === 'note' || (kind === 'leak' && space === 'guest')) continue
      const length = kind === 'leak' ? count * this.#report.clusterSize : 1
      const last = Math.min(end - 1, Math.floor((offset + length - 1) / granularity))
      const bit = stateBit(kind === 'leak' ? 'leak' : 'corrupt')
      for (let cell = Math.max(first, Math.floor(offset / granularity)); cell <= last; cell += 1) {
        base[cell] = (base[cell] ?? 0) | bit
      }
    }
  }

  /** A larger cell holds what both of its halves do. */
  #raise(first: number, end: number): void {
    for (let level = 1; level < this.#levels.length; level += 1) {
      const below = this.#levels[level - 1]
      const own = this.#levels[level]
      if (!below || !own) return
      const last = Math.ceil(end / 2 ** level)
      for (let cell = Math.floor(first / 2 ** level); cell < last; cell += 1) {
        own[cell] = (below[cell * 2] ?? 0) | (below[cell * 2 + 1] ?? 0)
      }
    }
  }

  #tile(level: number, tile: number): Uint8Array | undefined {
    const key = `${level} ${tile}`
    const cells = this.#tiles.get(key)
    if (!cells && !this.#tiles.has(key)) void this.#loadTile(key, level, tile)
    return cells
  }

  async #loadTile(key: string, level: number, tile: number): Promise<void> {
    const [oldest] = this.#tiles.keys()
    if (this.#tiles.size >= MAX_TILES && oldest !== undefined) this.#tiles.delete(oldest)
    this.#tiles.set(key, undefined)
    const { volume, space, granularity } = this.#facts
    const cellSize = granularity * 2 ** level
    try {
      const offset = tile * TILE * cellSize
      this.#tiles.set(key, (await api.mapCells(volume, { space, offset, cellSize, cellCount: TILE })).cells)
      this.#tell({})
    } catch (error) {
      this.#tell({ error: errorData(error) })
    }
  }

  #tell(change: Partial<MapFacts>): void {
    this.#facts = { ...this.#facts, ...change }
    if (this.#stopped) return
    this.#changed(new DiskMap(this.#facts, this.#levels, { get: (level, tile) => this.#tile(level, tile) }))
  }
}
