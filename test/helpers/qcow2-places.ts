// Where the parts of a qcow2 image are, whatever its geometry, to damage exactly one of them.

import { geometryOf } from '../../core/formats/qcow2/geometry.ts'
import type { Geometry } from '../../core/formats/qcow2/geometry.ts'
import { HEADER } from '../../core/formats/qcow2/layout.ts'
import type { HeaderFields } from '../../core/formats/qcow2/layout.ts'
import { decodeHeader } from '../../core/formats/qcow2/header.ts'
import { countAccess } from '../../core/formats/qcow2/refcount-width.ts'

export const COPIED = 2n ** 63n
export const COMPRESSED = 2n ** 62n
const OFFSET = 0x00ff_ffff_ffff_fe00n

export class Qcow2Places {
  #bytes: Uint8Array<ArrayBuffer>

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes)
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  get header(): HeaderFields {
    return decodeHeader(this.#bytes, 'disk')
  }

  get geometry(): Geometry {
    return geometryOf(this.header)
  }

  get clusterSize(): number {
    return this.geometry.clusterSize
  }

  /** Of the entry of the active L1 table. */
  l1Place(index = 0): number {
    return this.header.l1_table_offset + index * 8
  }

  /** Of the L2 entry for a cluster of the disk. */
  l2Place(guestCluster = 0): number {
    const { entriesPerTable, entrySize } = this.geometry
    const table = this.target(this.l1Place(Math.floor(guestCluster / entriesPerTable)))
    return table + (guestCluster % entriesPerTable) * entrySize
  }

  /** Host offset of a cluster of the disk. */
  dataPlace(guestCluster = 0): number {
    return this.target(this.l2Place(guestCluster))
  }

  /** Of the refcount table's first entry. */
  get countTablePlace(): number {
    return this.header.refcount_table_offset
  }

  /** Where the entry at this place leads. */
  target(place: number): number {
    return Number(this.get(place) & OFFSET)
  }

  count(offset: number): number {
    const { view, index } = this.#countOf(offset)
    return countAccess(this.geometry.refcountBits).get(view, index)
  }

  setCount(offset: number, count: number): void {
    const { view, index } = this.#countOf(offset)
    countAccess(this.geometry.refcountBits).set(view, index, count)
  }

  get(place: number): bigint {
    return this.#view.getBigUint64(place)
  }

  set(place: number, value: bigint): void {
    this.#view.setBigUint64(place, value)
  }

  set32(place: number, value: number): void {
    this.#view.setUint32(place, value)
  }

  change(place: number, how: (value: bigint) => bigint): void {
    this.set(place, BigInt.asUintN(64, how(this.get(place))))
  }

  setHeader(field: keyof HeaderFields, value: number | bigint): void {
    const { offset, size } = HEADER.fields[field]
    if (size === 8) this.set(offset, BigInt(value))
    else if (size === 4) this.#view.setUint32(offset, Number(value))
    else this.#bytes[offset] = Number(value)
  }

  /** Whole clusters at the end of the file, counted once when there is a block for them. Returns their offset. */
  append(content: Uint8Array, count = 1): number {
    const { clusterSize } = this
    const offset = Math.ceil(this.#bytes.length / clusterSize) * clusterSize
    const longer = new Uint8Array(offset + Math.ceil(content.length / clusterSize) * clusterSize)
    longer.set(this.#bytes)
    longer.set(content, offset)
    this.#bytes = longer
    for (let at = offset; at < longer.length; at += clusterSize) this.setCount(at, count)
    return offset
  }

  cut(length: number): void {
    this.#bytes = this.#bytes.slice(0, length)
  }

  get #view(): DataView {
    return new DataView(this.#bytes.buffer)
  }

  #countOf(offset: number): { view: DataView; index: number } {
    const { clusterSize, countsPerBlock } = this.geometry
    const cluster = offset / clusterSize
    const block = this.target(this.countTablePlace + Math.floor(cluster / countsPerBlock) * 8)
    if (block === 0) throw new Error(`no block counts the cluster at ${offset}`)
    return { view: new DataView(this.#bytes.buffer, block, clusterSize), index: cluster % countsPerBlock }
  }
}
