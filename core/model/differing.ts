// Where two disks differ: every range counted, the first of them kept, with sums by partition and along the disk.

import type { DiskContents, PartitionFacts } from './contents.ts'

/** Bytes. */
export interface DifferingRange {
  readonly offset: number
  readonly length: number
}

export interface Differing {
  /** The first thousand, ascending. */
  readonly ranges: readonly DifferingRange[]
  /** Of all ranges. */
  readonly count: number
  readonly bytes: number
  /** Bytes of the larger disk. */
  readonly size: number
  /** Bytes that differ in each of so many equal parts of it. */
  readonly cells: readonly number[]
  /** Partitions in which something differs, and what lies outside of all of them; empty where there are none. */
  readonly byPartition: readonly { readonly partition?: PartitionFacts; readonly bytes: number }[]
}

const KEPT = 1000
const CELLS = 512

export class DifferingSums {
  readonly #size: number
  readonly #partitions: readonly PartitionFacts[]
  readonly #ranges: DifferingRange[] = []
  readonly #cells = Array.from({ length: CELLS }, () => 0)
  readonly #inPartition: number[]
  #outside = 0
  #count = 0
  #bytes = 0

  /** `size` is that of the larger disk; `contents` of either. */
  constructor(size: number, contents: DiskContents | undefined) {
    this.#size = size
    this.#partitions = contents?.partitions.filter(({ extended }) => extended !== true) ?? []
    this.#inPartition = this.#partitions.map(() => 0)
  }

  /** They are to be told in ascending order. */
  add({ offset, length }: DifferingRange): void {
    this.#count += 1
    this.#bytes += length
    if (this.#ranges.length < KEPT) this.#ranges.push({ offset, length })
    const end = offset + length
    const cell = this.#size / CELLS
    for (let index = Math.floor(offset / cell); index < CELLS && index * cell < end; index += 1) {
      const inside = Math.min(end, (index + 1) * cell) - Math.max(offset, index * cell)
      this.#cells[index] = (this.#cells[index] ?? 0) + inside
    }
    let outside = length
    for (const [index, partition] of this.#partitions.entries()) {
      const inside = Math.min(end, partition.offset + partition.length) - Math.max(offset, partition.offset)
      if (inside <= 0) continue
      this.#inPartition[index] = (this.#inPartition[index] ?? 0) + inside
      outside -= inside
    }
    // Partitions of a damaged table may overlap.
    this.#outside += Math.max(0, outside)
  }

  finish(): Differing {
    const sums = this.#partitions.map((partition, index) => ({ partition, bytes: this.#inPartition[index] ?? 0 }))
    const rest = this.#partitions.length > 0 && this.#outside > 0 ? [{ bytes: this.#outside }] : []
    return {
      ranges: this.#ranges,
      count: this.#count,
      bytes: this.#bytes,
      size: this.#size,
      cells: this.#cells.map(Math.round),
      byPartition: [...sums.filter(({ bytes }) => bytes > 0), ...rest],
    }
  }
}
