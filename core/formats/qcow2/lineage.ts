// Which earlier state of a disk another one was made from: images do not note it, but their tables show it.

import { Table } from '../../image/table-cache.ts'
import { isEmptyL1, tableOffset } from './entries.ts'
import type { ImageFile } from './image-file.ts'
import type { Root } from './tree.ts'

/** Tables are held against each other so often at most; then whole tables count as different. */
const MOST_COMPARISONS = 4096
/** With more states than this, only the nearest in time are looked at. */
const MOST_CANDIDATES = 32
const COPIED = 0x8000_0000

/**
 * For each state, oldest first, the index of the earlier one it differs least from, by clusters; of several the latest.
 * After a snapshot was applied that is the one, so a history that branches shows as it was. Undefined for the first.
 */
export async function lineageOf(file: ImageFile, states: readonly Root[]): Promise<readonly (number | undefined)[]> {
  const comparer = new Comparer(file)
  const parents: (number | undefined)[] = []
  for (const [index, state] of states.entries()) {
    let best: { readonly index: number; readonly distance: number } | undefined
    for (let other = index - 1; other >= Math.max(0, index - MOST_CANDIDATES); other -= 1) {
      const candidate = states[other]
      if (!candidate) break
      const distance = await comparer.distance(state, candidate, best?.distance ?? Infinity)
      if (!best || distance < best.distance) best = { index: other, distance }
      if (best.distance === 0) break
    }
    parents.push(best?.index)
  }
  return parents
}

class Comparer {
  readonly #file: ImageFile
  #comparisons = 0

  constructor(file: ImageFile) {
    this.#file = file
  }

  /** Clusters in which the two differ; whoever gets to `enough` is of no interest any more. */
  async distance(one: Root, other: Root, enough: number): Promise<number> {
    let distance = 0
    const end = Math.max(one.end, other.end)
    for (let index = 0; index < end && distance < enough; index += 1) {
      const [left, right] = [this.#tableOf(one, index), this.#tableOf(other, index)]
      if (left !== right) distance += await this.#tableDistance(left, right)
    }
    return distance
  }

  #tableOf(root: Root, index: number): number | undefined {
    return index < root.end && !isEmptyL1(root.view, index) ? tableOffset(root.view, index) : undefined
  }

  async #tableDistance(left: number | undefined, right: number | undefined): Promise<number> {
    const { entriesPerTable, entrySize, clusterSize } = this.#file.geometry
    this.#comparisons += 1
    if (this.#comparisons > MOST_COMPARISONS) return entriesPerTable
    const one = await this.#load(left)
    const other = await this.#load(right)
    let distance = 0
    for (let at = 0; at < clusterSize; at += entrySize) if (differs(one, other, at, entrySize)) distance += 1
    return distance
  }

  async #load(offset: number | undefined): Promise<Table> {
    if (offset === undefined) return new Table(0, new Uint8Array(this.#file.geometry.clusterSize))
    return this.#file.l2Tables.peek(offset) ?? (await this.#file.l2Tables.load(offset))
  }
}

/** But for the flag that says whether a cluster is shared. */
function differs({ view: one }: Table, { view: other }: Table, at: number, entrySize: number): boolean {
  if ((one.getUint32(at) & ~COPIED) !== (other.getUint32(at) & ~COPIED)) return true
  for (let word = 4; word < entrySize; word += 4)
    if (one.getUint32(at + word) !== other.getUint32(at + word)) return true
  return false
}
