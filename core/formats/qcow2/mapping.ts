// From guest bytes to extents: one walk over the words of each L2 table, no waiting inside a table.

import type { CodecId } from '../../codec/codec.ts'
import type { Extent } from '../../image/extent.ts'
import { SpindleError } from '../../model/error.ts'
import { adjacentRun, equalRun, isEmptyL1 } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import { ExtentList } from '../../image/extent-list.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import type { Table } from '../../image/table-cache.ts'

/** Small tables are answered for together, up to about as many entries as one table of 64 KiB has. */
const ENTRIES_PER_ANSWER = 8192

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
        const table = await this.#file.table(tableIndex)
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
      const entry = soundEntry(this.#file, table, firstCluster + index)
      const run = entry.kind === 'standard' ? this.#runOf(entry, table, index, end) : 1
      const stop = Math.min(to, (firstCluster + index + run) * clusterSize)
      if (entry.kind === 'compressed') extents.add(this.#packed(entry, position, stop))
      else this.#addStandard(entry, position, stop, extents)
      position = stop
    }
  }

  /** How many clusters, this one included, are as this entry says. */
  #runOf(entry: StandardEntry, table: Table, index: number, end: number): number {
    const { geometry, size } = this.#file
    if (entry.offset === undefined)
      return isUniform(entry, geometry.allSubclusters) ? equalRun(geometry, table.view, index, end) : 1
    const run = geometry.subclusters === 1 ? adjacentRun(geometry, table.view, index, end) : 1
    if (geometry.externalData || entry.allocated === 0) return run
    // What lies past the end of the file is for its own entry to complain about.
    return Math.min(run, Math.ceil((size - entry.offset) / geometry.clusterSize))
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
      else if (entry.allocated & bit && offset !== undefined)
        extents.add({ kind: 'data', length, storage: this.#file.dataAt(offset, position), offset })
      else extents.add(offset === undefined ? { kind: 'hole', length } : { kind: 'hole', length, storage, offset })
      position = stop
    }
  }

  #packed(entry: CompressedEntry, from: number, to: number): Extent {
    const { clusterSize } = this.#file.geometry
    return {
      kind: 'packed',
      length: to - from,
      storage: this.#file.storage,
      offset: entry.offset,
      packedLength: entry.length,
      codec: this.#codec,
      unpackedLength: clusterSize,
      skip: from % clusterSize,
    }
  }
}

/** All subclusters are in the same state. */
function isUniform({ allocated, zero }: StandardEntry, all: number): boolean {
  return allocated === all || zero === all || (allocated | zero) === 0
}
