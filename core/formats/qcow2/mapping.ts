// From guest bytes to extents: one walk over the words of each L2 table, no waiting inside a table.

import type { CodecId } from '../../codec/codec.ts'
import type { Extent } from '../../image/extent.ts'
import { SpindleError } from '../../model/error.ts'
import { roundUp } from '../../model/units.ts'
import { damaged } from './damage.ts'
import { adjacentRun, decodeL1, decodeL2, equalRun, isEmptyL1 } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import { ExtentList } from './extents.ts'
import type { ImageFile } from './image-file.ts'
import type { Table } from './table-cache.ts'

/** Small tables are answered for together, up to about as many entries as one table of 64 KiB has. */
const ENTRIES_PER_ANSWER = 8192
const SECTOR = 512

export class Mapping {
  readonly #file: ImageFile
  readonly #codec: CodecId

  constructor(file: ImageFile) {
    this.#file = file
    this.#codec = file.header.compression_type === 0 ? 'deflate' : 'zstd'
  }

  /** As ImageLayer.map. What comes before a damaged entry is answered; asking for the entry itself throws. */
  async map(offset: number, length: number): Promise<readonly Extent[]> {
    const { geometry } = this.#file
    const end = offset + length
    const extents = new ExtentList()
    try {
      let entries = 0
      for (let position = offset; position < end && entries < ENTRIES_PER_ANSWER;) {
        const tableIndex = Math.floor(position / geometry.tableSpan)
        const table = await this.#tableAt(tableIndex)
        const stop = table
          ? Math.min(end, (tableIndex + 1) * geometry.tableSpan)
          : Math.min(end, (await this.#nextTable(tableIndex)) * geometry.tableSpan)
        if (table) this.#walk(table, position, stop, extents)
        else extents.add({ kind: 'hole', length: stop - position })
        entries += geometry.entriesPerTable
        position = stop
      }
    } catch (error) {
      if (extents.isEmpty || !(error instanceof SpindleError)) throw error
    }
    return extents.toArray()
  }

  async #tableAt(index: number): Promise<Table | undefined> {
    const { geometry, l2Tables, size, storage } = this.#file
    const l1 = await this.#file.l1()
    const entry = decodeL1(geometry, l1.view, index)
    if (entry.kind === 'none') return undefined
    const place = l1.offset + index * 8
    if (entry.kind === 'invalid')
      throw damaged(
        storage.name,
        `L1 entry ${index} at offset ${place}, for the guest’s bytes from ${index * geometry.tableSpan} on, ${entry.problem}`,
        place,
      )
    if (entry.offset + geometry.clusterSize > size)
      throw damaged(
        storage.name,
        `the L2 table for the guest’s bytes from ${index * geometry.tableSpan} on would be at offset ${entry.offset}, past the end of the file at ${size}`,
        entry.offset,
      )
    const table = l2Tables.peek(entry.offset) ?? (await l2Tables.load(entry.offset))
    // While it was read, a writer may have put another table in its place, and other bytes in this one's.
    const now = decodeL1(geometry, l1.view, index)
    return now.kind === 'table' && now.offset === entry.offset ? table : this.#tableAt(index)
  }

  async #nextTable(index: number): Promise<number> {
    const { tableCount } = this.#file.geometry
    const { view } = await this.#file.l1()
    let next = index + 1
    while (next < tableCount && isEmptyL1(view, next)) next += 1
    return next
  }

  /** Adds what the table says of the guest's bytes `from` up to `to`. Throws at the first entry that is damaged. */
  #walk(table: Table, from: number, to: number, extents: ExtentList): void {
    const { geometry } = this.#file
    const { clusterSize, entriesPerTable } = geometry
    const firstCluster = Math.floor(from / geometry.tableSpan) * entriesPerTable
    const end = Math.ceil(to / clusterSize) - firstCluster
    for (let position = from; position < to;) {
      const index = Math.floor(position / clusterSize) - firstCluster
      const entry = decodeL2(geometry, table.view, index)
      if (entry.kind === 'invalid') throw this.#damage(table, index, position, entry.offset, entry.problem)
      const run = entry.kind === 'standard' ? this.#runOf(entry, table, index, end, position) : 1
      const stop = Math.min(to, (firstCluster + index + run) * clusterSize)
      if (entry.kind === 'compressed') extents.add(this.#packed(entry, table, index, position, stop))
      else this.#addStandard(entry, position, stop, extents)
      position = stop
    }
  }

  /** How many clusters, this one included, are as this entry says. Throws when it leads to no place for data. */
  #runOf(entry: StandardEntry, table: Table, index: number, end: number, position: number): number {
    const { geometry, size } = this.#file
    const { clusterSize, allSubclusters } = geometry
    const uniform = isUniform(entry, allSubclusters)
    if (entry.offset === undefined) return uniform ? equalRun(geometry, table.view, index, end) : 1
    const run = geometry.subclusters === 1 ? adjacentRun(geometry, table.view, index, end) : 1
    if (geometry.externalData) {
      const guest = Math.floor(position / clusterSize) * clusterSize
      if (entry.offset !== guest)
        throw this.#damage(table, index, position, entry.offset, 'is not where the data file must have it')
      return run
    }
    // The last cluster of a file may be cut short: what is missing are zeros no one wrote.
    const inside = Math.ceil((size - entry.offset) / clusterSize)
    if (inside <= 0 && entry.allocated !== 0)
      throw this.#damage(table, index, position, entry.offset, `is past the end of the file at ${size}`)
    return entry.allocated === 0 ? run : Math.min(run, inside)
  }

  #addStandard(entry: StandardEntry, from: number, to: number, extents: ExtentList): void {
    const { geometry, dataStorage: storage } = this.#file
    const { clusterSize, subclusterSize } = geometry
    const uniform = isUniform(entry, geometry.allSubclusters)
    const base = Math.floor(from / clusterSize) * clusterSize
    for (let position = from; position < to;) {
      const part = uniform ? 0 : Math.floor((position - base) / subclusterSize)
      const bit = 1 << part
      const stop = uniform ? to : Math.min(to, base + (part + 1) * subclusterSize)
      const length = stop - position
      const offset = entry.offset === undefined ? undefined : entry.offset + (position - base)
      if (entry.zero & bit)
        extents.add(offset === undefined ? { kind: 'zero', length } : { kind: 'zero', length, storage, offset })
      else if (entry.allocated & bit && offset !== undefined) extents.add({ kind: 'data', length, storage, offset })
      else extents.add({ kind: 'hole', length })
      position = stop
    }
  }

  #packed(entry: CompressedEntry, table: Table, index: number, from: number, to: number): Extent {
    const { geometry, size, storage } = this.#file
    // A file need not be padded to the end of its last sector.
    if (entry.offset + entry.length > roundUp(size, SECTOR))
      throw this.#damage(table, index, from, entry.offset, `is compressed and runs past the end of the file at ${size}`)
    return {
      kind: 'packed',
      length: to - from,
      storage,
      offset: entry.offset,
      packedLength: entry.length,
      codec: this.#codec,
      unpackedLength: geometry.clusterSize,
      skip: from % geometry.clusterSize,
    }
  }

  #damage(table: Table, index: number, position: number, offset: number, problem: string): SpindleError {
    const place = table.offset + index * this.#file.geometry.entrySize
    const guest = position - (position % this.#file.geometry.clusterSize)
    return damaged(
      this.#file.storage.name,
      `the cluster with the guest’s bytes from ${guest} on ${problem} (L2 entry ${index} at offset ${place} leads to offset ${offset})`,
      offset,
    )
  }
}

/** All subclusters are in the same state. */
function isUniform({ allocated, zero }: StandardEntry, all: number): boolean {
  return allocated === all || zero === all || (allocated | zero) === 0
}
