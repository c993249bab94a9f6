// What the guest's bytes are, without their places: a look over whole tables for pictures of a disk.

import { SpindleError } from '../../model/error.ts'
import { StateRuns } from '../../image/state-run.ts'
import type { StateRun } from '../../image/state-run.ts'
import type { Table } from '../../image/table-cache.ts'
import { isCopied, isEmptyL1, isEmptyL2, plainRun } from './entries.ts'
import type { StandardEntry } from './entries.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import type { Sharing } from './sharing.ts'

export class States {
  readonly #file: ImageFile
  readonly #sharing: Sharing | undefined

  /** `sharing` is about the disk as it is now; left out, nothing is called shared. */
  constructor(file: ImageFile, sharing?: Sharing) {
    this.#file = file
    this.#sharing = file.header.nb_snapshots > 0 ? sharing : undefined
  }

  /** As ImageLayer.states: of one table at a time, or of all the tables there are not. */
  async runs(offset: number, length: number): Promise<readonly StateRun[]> {
    const { geometry } = this.#file
    const runs = new StateRuns()
    const index = Math.floor(offset / geometry.tableSpan)
    const end = Math.min(offset + length, (index + 1) * geometry.tableSpan)
    try {
      const table = await this.#file.table(index)
      if (table) {
        const isShared = await this.#sharing?.packedOf(index, table)
        this.#walk(table, offset, end, runs, isShared)
      } else {
        runs.add('hole', Math.min(offset + length, await this.#nextTable(index)) - offset, false)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      runs.add('damaged', end - offset, false)
    }
    return runs.finish()
  }

  async #nextTable(index: number): Promise<number> {
    const { tableCount, tableSpan } = this.#file.geometry
    const { view } = await this.#file.l1()
    let next = index + 1
    while (next < tableCount && isEmptyL1(view, next)) next += 1
    return next * tableSpan
  }

  #walk(table: Table, from: number, to: number, runs: StateRuns, isShared?: (index: number) => boolean): void {
    const { geometry, size } = this.#file
    const { clusterSize, entriesPerTable, entrySize, externalData } = geometry
    const { view } = table
    const firstCluster = Math.floor(from / geometry.tableSpan) * entriesPerTable
    const end = Math.ceil(to / clusterSize) - firstCluster
    const sharing = this.#sharing !== undefined
    for (let position = from; position < to;) {
      const index = Math.floor(position / clusterSize) - firstCluster
      const run = externalData ? 0 : plainRun(geometry, view, index, end, size)
      const stop = Math.min(to, (firstCluster + index + Math.max(1, run)) * clusterSize)
      if (run > 0) {
        runs.add('data', stop - position, sharing && !isCopied(view, index * entrySize))
      } else if (entrySize === 8 && isEmptyL2(geometry, view, index)) {
        runs.add(view.getUint32(index * 8 + 4) === 0 ? 'hole' : 'zero', stop - position, false)
      } else {
        this.#addEntry(table, firstCluster + index, position, stop, runs, isShared?.(index) ?? false)
      }
      position = stop
    }
  }

  /** Everything that is not the most common, and all that may be damaged. */
  #addEntry(table: Table, cluster: number, from: number, to: number, runs: StateRuns, isShared: boolean): void {
    try {
      const entry = soundEntry(this.#file, table, cluster)
      if (entry.kind === 'compressed') runs.add('packed', to - from, isShared)
      else this.#addParts(entry, cluster, from, to, runs)
    } catch (error) {
      if (!isDamage(error)) throw error
      runs.add('damaged', to - from, false)
    }
  }

  #addParts(entry: StandardEntry, cluster: number, from: number, to: number, runs: StateRuns): void {
    const { clusterSize, subclusters, subclusterSize } = this.#file.geometry
    const isShared = this.#sharing !== undefined && !entry.copied
    const base = cluster * clusterSize
    for (let position = from; position < to;) {
      const part = subclusters === 1 ? 0 : Math.floor((position - base) / subclusterSize)
      const stop = Math.min(to, base + (part + 1) * subclusterSize)
      const bit = 1 << part
      const kind = entry.zero & bit ? 'zero' : entry.allocated & bit ? 'data' : 'hole'
      runs.add(kind, stop - position, kind === 'data' && isShared)
      position = stop
    }
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof SpindleError && error.code === 'invalid-image'
}
