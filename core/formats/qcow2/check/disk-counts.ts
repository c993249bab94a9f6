// The reference counts as they stand in the file: the table, and where its blocks are.

import { MAX_REFCOUNT_TABLE_BYTES, REFCOUNT_TABLE_ENTRY_SIZE } from '../layout.ts'
import { countAccess } from '../refcount-width.ts'
import type { CountAccess } from '../refcount-width.ts'
import { readPadded } from '../../../storage/storage.ts'
import type { Examination } from './examination.ts'
import { isReadFailure, readTables } from './read-tables.ts'

const WORD = 2 ** 32
const RESERVED_LOW = 0x1ff

/** What an entry of the refcount table leads to. Only a `sound` block is counted as in use; only an `unusable` one counts nothing. */
type BlockState = 'none' | 'sound' | 'suspect' | 'unusable'

/** One refcount block, in no particular order. */
export interface CountBlock {
  readonly index: number
  readonly offset: number
  /** Good until the next one is asked for. */
  readonly view: DataView
}

export class DiskCounts {
  readonly access: CountAccess
  readonly countsPerBlock: number
  /** Counts cannot be put right where they are: table or blocks have to be made anew. */
  needsRebuild = false
  /** Errors in table and blocks themselves. */
  structureErrors = 0
  readonly #examination: Examination
  readonly #table: DataView
  readonly #states: BlockState[]

  private constructor(examination: Examination, table: DataView) {
    const { geometry } = examination.image
    this.#examination = examination
    this.#table = table
    this.access = countAccess(geometry.refcountBits)
    this.countsPerBlock = geometry.countsPerBlock
    this.#states = Array.from({ length: table.byteLength / REFCOUNT_TABLE_ENTRY_SIZE }, () => 'none')
  }

  /** Reads the table and counts the references to it and to its blocks: to be called when all others are counted. */
  static async read(examination: Examination): Promise<DiskCounts> {
    const { image } = examination
    const { refcount_table_offset: offset, refcount_table_clusters: clusters } = image.header
    const { clusterSize } = image.geometry
    const length = clusters * clusterSize
    const isPlace = offset > 0 && offset % clusterSize === 0 && length <= MAX_REFCOUNT_TABLE_BYTES
    // What of it is missing can be made anew, so it keeps no one from making the file longer.
    const { firstMissing } = examination
    if (isPlace) examination.claim(offset, length, 'The refcount table')
    examination.firstMissing = firstMissing
    const isThere = isPlace && length > 0 && offset < image.size
    const bytes = new Uint8Array(isThere ? length : 0)
    let isRead = isThere
    try {
      await readPadded(image.storage, offset, bytes)
    } catch (error) {
      if (!isReadFailure(error)) throw error
      examination.uncountable('The refcount table', offset, error)
      isRead = false
    }
    const disk = new DiskCounts(examination, new DataView(bytes.buffer, 0, isRead ? length : 0))
    disk.needsRebuild = !isRead
    disk.#claimBlocks(offset)
    // Counts are never changed where something else is as well, or that would change with them.
    for (let at = offset; at < offset + bytes.length; at += clusterSize)
      if (examination.counts.get(at / clusterSize) !== 1) disk.needsRebuild = true
    return disk
  }

  get entries(): number {
    return this.#states.length
  }

  state(index: number): BlockState {
    return this.#states[index] ?? 'none'
  }

  isReadable(index: number): boolean {
    const state = this.state(index)
    return state === 'sound' || state === 'suspect'
  }

  /** Host offset in bytes; 0 for none. */
  offset(index: number): number {
    const at = index * REFCOUNT_TABLE_ENTRY_SIZE
    return this.#table.getUint32(at) * WORD + ((this.#table.getUint32(at + 4) & ~RESERVED_LOW) >>> 0)
  }

  /** All blocks that can be read, or those of `only`, in the order they have in the file. */
  async *blocks(only?: ReadonlySet<number>): AsyncGenerator<CountBlock, void, undefined> {
    const { storage, geometry } = this.#examination.image
    const indexes: number[] = []
    for (let index = 0; index < this.entries; index += 1)
      if (this.isReadable(index) && (!only || only.has(index))) indexes.push(index)
    indexes.sort((a, b) => this.offset(a) - this.offset(b))
    const offsets = Float64Array.from(indexes, (index) => this.offset(index))
    for await (const piece of readTables(storage, offsets, geometry.clusterSize)) {
      for (let which = piece.first; which < piece.first + piece.count; which += 1) {
        const index = indexes[which] ?? 0
        const offset = offsets[which] ?? 0
        if (piece.failure) {
          this.#states[index] = 'unusable'
          this.needsRebuild = true
          this.#examination.uncountable('The refcount block', offset, piece.failure)
          continue
        }
        const { buffer, byteOffset } = piece.view
        yield { index, offset, view: new DataView(buffer, byteOffset + offset - piece.offset, geometry.clusterSize) }
      }
    }
  }

  #claimBlocks(tableOffset: number): void {
    const { image, counts } = this.#examination
    const { clusterSize } = image.geometry
    for (let index = 0; index < this.entries; index += 1) {
      const high = this.#table.getUint32(index * REFCOUNT_TABLE_ENTRY_SIZE)
      const low = this.#table.getUint32(index * REFCOUNT_TABLE_ENTRY_SIZE + 4)
      if (high === 0 && low === 0) continue
      const offset = this.offset(index)
      const cluster = Math.floor(offset / clusterSize)
      const tell = (code: string, clause: string): void => {
        this.needsRebuild = true
        this.structureErrors += 1
        const place = tableOffset + index * REFCOUNT_TABLE_ENTRY_SIZE
        const message = `Entry ${index} of the refcount table, at offset ${place}, ${clause}.`
        this.#examination.findings.add('error', 1, () => ({ code, message, hostOffset: place }))
      }
      const isInside = cluster < Math.max(image.fileClusters, counts.end)
      const isAligned = offset % clusterSize === 0
      // Past the end of the file there is nothing, and nothing counted.
      this.#states[index] = !isAligned || offset === 0 ? 'unusable' : isInside ? 'suspect' : 'none'
      if (low & RESERVED_LOW) {
        tell('refcount-entry-reserved-bits', 'has bits set that have no meaning')
      } else if (!isAligned) {
        tell('refcount-block-unaligned', `leads to offset ${offset}, which is not a cluster boundary`)
      } else if (!isInside) {
        tell('refcount-block-past-end', `leads to offset ${offset}, past the end of the file at ${image.size}`)
      } else {
        counts.add(cluster, 1, 0)
        this.#states[index] = 'sound'
        const references = counts.get(cluster)
        if (references > 1) this.needsRebuild = true
        if (Math.min(references, this.access.max) > 1)
          tell('refcount-block-shared', `leads to offset ${offset}, where something else is as well`)
      }
    }
  }
}
