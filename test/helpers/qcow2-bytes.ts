// A small qcow2 image as bytes to be damaged: where its parts are, and ways to overwrite them.

import { encodeExtensions } from '../../core/formats/qcow2/extensions.ts'
import type { Extension } from '../../core/formats/qcow2/extensions.ts'
import { HEADER } from '../../core/formats/qcow2/layout.ts'
import type { HeaderFields } from '../../core/formats/qcow2/layout.ts'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { MemoryFolder } from './memory-gate.ts'

export const CLUSTER = 65_536
export const DISK_SIZE = 16 * CLUSTER

export class Qcow2Bytes {
  #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get header(): HeaderFields {
    return HEADER.decode(this.#bytes, { path: 'disk', offset: 0 })
  }

  /** Where the first L2 table is. */
  get l2(): number {
    return this.low48(this.header.l1_table_offset)
  }

  set(field: keyof HeaderFields, value: number | bigint): void {
    const { offset, size } = HEADER.fields[field]
    if (size === 8) this.set64(offset, BigInt(value))
    else if (size === 4) this.set32(offset, Number(value))
    else this.#bytes[offset] = Number(value)
  }

  set32(offset: number, value: number): void {
    this.#view.setUint32(offset, value)
  }

  set64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value)
  }

  get64(offset: number): bigint {
    return this.#view.getBigUint64(offset)
  }

  /** The host offset in the entry at `offset`. */
  low48(offset: number): number {
    return Number(this.get64(offset) & 0x00ff_ffff_ffff_fe00n)
  }

  put(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset)
  }

  /** Replaces all header extensions. */
  extensions(...extensions: readonly Extension[]): void {
    const { header_length } = this.header
    this.#bytes.fill(0, header_length, CLUSTER)
    this.put(header_length, encodeExtensions(extensions))
  }

  /** A further cluster at the end of the file with these bytes; returns its offset. */
  append(bytes: Uint8Array): number {
    const offset = this.#bytes.length
    const longer = new Uint8Array(offset + Math.ceil(bytes.length / CLUSTER) * CLUSTER)
    longer.set(this.#bytes)
    longer.set(bytes, offset)
    this.#bytes = longer
    return offset
  }

  cut(length: number): void {
    this.#bytes = this.#bytes.slice(0, length)
  }

  get #view(): DataView {
    return new DataView(this.#bytes.buffer)
  }
}

/** A sound image of 16 clusters: the first two hold data, 0x11 and 0x22, the rest nothing. */
export async function soundImage(options: OptionValues = {}): Promise<{ image: Qcow2Bytes; folder: MemoryFolder }> {
  const folder = new MemoryFolder()
  const file = folder.add('disk')
  const builder = await qcow2Driver.build(file, { virtualSize: DISK_SIZE, options }, folder)
  for (const [index, value] of [0x11, 0x22].entries()) {
    const offset = builder.place(index * CLUSTER, CLUSTER)
    await builder.storage.write(offset, new Uint8Array(CLUSTER).fill(value))
  }
  await builder.finish()
  return { image: new Qcow2Bytes(await file.bytes()), folder }
}
