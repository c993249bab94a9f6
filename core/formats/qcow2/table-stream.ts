// The L2 tables of an image under construction, filled in guest order and written out when they are full.

import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeL1, encodeL2 } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import type { Frontier } from './frontier.ts'
import type { Geometry } from './geometry.ts'
import { l1Bytes } from './geometry.ts'

/** Tables are written together in pieces of about this many bytes. */
const BATCH = MiB

export class TableStream {
  readonly #file: Storage
  readonly #geometry: Geometry
  readonly #frontier: Frontier
  readonly #presetOf: ((cluster: number) => StandardEntry) | undefined
  readonly #l1: DataView
  /** Filled tables by L1 index. */
  #filled = new Map<number, Uint8Array>()
  #open: { readonly index: number; readonly view: DataView } | undefined
  /** With presets every table is written; those below this one have been. */
  #written = 0

  /** `presetOf` tells what the entry of a guest cluster is unless it is set; without it, nothing. */
  constructor(
    file: Storage,
    geometry: Geometry,
    frontier: Frontier,
    presetOf: ((cluster: number) => StandardEntry) | undefined,
  ) {
    this.#file = file
    this.#geometry = geometry
    this.#frontier = frontier
    this.#presetOf = presetOf
    this.#l1 = new DataView(new ArrayBuffer(l1Bytes(geometry.tableCount)))
  }

  /** The L1 table, whole once everything is written. */
  get l1(): Uint8Array {
    return new Uint8Array(this.#l1.buffer)
  }

  /** Guest clusters come in ascending order. */
  set(cluster: number, entry: StandardEntry | CompressedEntry): void {
    const { entriesPerTable } = this.#geometry
    const index = Math.floor(cluster / entriesPerTable)
    if (this.#open?.index !== index) {
      this.#fill()
      const bytes = this.#presetTable(index)
      this.#open = { index, view: new DataView(bytes.buffer) }
    }
    encodeL2(this.#geometry, this.#open.view, cluster % entriesPerTable, entry)
  }

  /** Writes filled tables once there are enough of them for one large write. */
  async drain(): Promise<void> {
    if (this.#open && this.#filled.size * this.#geometry.clusterSize >= BATCH) await this.#write(this.#open.index)
  }

  async finish(): Promise<void> {
    this.#fill()
    await this.#write(this.#geometry.tableCount)
  }

  #fill(): void {
    if (this.#open) this.#filled.set(this.#open.index, new Uint8Array(this.#open.view.buffer))
    this.#open = undefined
  }

  async #write(end: number): Promise<void> {
    const { clusterSize } = this.#geometry
    const filled = this.#filled
    const first = this.#written
    this.#filled = new Map()
    this.#written = end
    const indices = this.#presetOf ? rangeOf(first, end) : filled.keys()
    const perWrite = Math.max(1, BATCH / clusterSize)
    let batch: number[] = []
    const writeBatch = async () => {
      const offset = this.#frontier.take(batch.length) * clusterSize
      const tables = batch.map((index) => filled.get(index) ?? this.#presetTable(index))
      for (const [place, index] of batch.entries()) encodeL1(this.#l1, index, offset + place * clusterSize, true)
      batch = []
      await this.#file.write(offset, Buffer.concat(tables))
    }
    for (const index of indices) {
      if (batch.push(index) === perWrite) await writeBatch()
    }
    if (batch.length > 0) await writeBatch()
  }

  #presetTable(index: number): Uint8Array<ArrayBuffer> {
    const { clusterSize, entriesPerTable, virtualSize } = this.#geometry
    const bytes = new Uint8Array(clusterSize)
    if (!this.#presetOf) return bytes
    const view = new DataView(bytes.buffer)
    const first = index * entriesPerTable
    const count = Math.min(entriesPerTable, Math.ceil(virtualSize / clusterSize) - first)
    for (let entry = 0; entry < count; entry += 1) encodeL2(this.#geometry, view, entry, this.#presetOf(first + entry))
    return bytes
  }
}

function* rangeOf(first: number, end: number): Generator<number> {
  for (let index = first; index < end; index += 1) yield index
}
