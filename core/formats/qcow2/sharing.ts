// Which packed clusters of the disk a snapshot has as well: unlike plain ones, their entries do not say it themselves.

import { SpindleError } from '../../model/error.ts'
import type { Table } from '../../image/table-cache.ts'
import { decodeL1, isPacked } from './entries.ts'
import type { ImageFile } from './image-file.ts'
import { readSnapshots } from './snapshots.ts'
import { readRoot } from './tree.ts'
import type { Root } from './tree.ts'

export class Sharing {
  readonly #file: ImageFile
  #roots: Promise<readonly Root[]> | undefined

  constructor(file: ImageFile) {
    this.#file = file
  }

  /** Asks by entry index of this L2 table; undefined when nothing in it is packed. */
  async packedOf(index: number, table: Table): Promise<((entry: number) => boolean) | undefined> {
    const { geometry } = this.#file
    const { entriesPerTable, entrySize } = geometry
    let entry = 0
    while (entry < entriesPerTable && !isPacked(geometry, table.view, entry)) entry += 1
    if (entry === entriesPerTable) return undefined
    const others = await this.#tablesOf(index, table.offset)
    if (!others) return () => true
    return (which) => {
      const at = which * entrySize
      const word = table.view.getBigUint64(at)
      return others.some(({ view }) => view.getBigUint64(at) === word)
    }
  }

  /** The snapshots' tables for the same part of the disk; undefined when one of them has this very table. */
  async #tablesOf(index: number, offset: number): Promise<readonly Table[] | undefined> {
    const { geometry, l2Tables, size } = this.#file
    const offsets = new Set<number>()
    for (const root of await (this.#roots ??= this.#readRoots())) {
      const entry = index < root.end ? decodeL1(geometry, root.view, index) : undefined
      if (entry?.kind === 'table' && entry.offset + geometry.clusterSize <= size) offsets.add(entry.offset)
    }
    if (offsets.has(offset)) return undefined
    return Promise.all([...offsets].map(async (one) => l2Tables.peek(one) ?? l2Tables.load(one)))
  }

  /** A snapshot that cannot be read shares nothing: what is wrong with it is for a check to say. */
  async #readRoots(): Promise<readonly Root[]> {
    const roots: Root[] = []
    for (const { l1 } of (await readSnapshots(this.#file.storage, this.#file.header)).snapshots) {
      try {
        roots.push(await readRoot(this.#file, l1))
      } catch (error) {
        if (!(error instanceof SpindleError) || error.code !== 'invalid-image') throw error
      }
    }
    return roots
  }
}
