// A GUID partition table byte by byte, so that a test can break any part of it.

import { crc32 } from 'node:zlib'

export interface GptPlan {
  /** Bytes. */
  readonly diskSize: number
  readonly sectorSize: number
  /** First and last sector of each. */
  readonly partitions: readonly (readonly [number, number])[]
  /** Says something else than is so in both headers, whose check sums hold all the same. */
  readonly header?: (view: DataView) => void
}

const COUNT = 128
const ENTRY = 128
/** Linux file system. */
const LINUX = 'af3dc60f838472478e793d69d8477de4'
const USED_BY_HEADER = 92

/** The first and the last bytes of such a disk: what lies between them is not the table's. */
export function gptBytes({ diskSize, sectorSize, partitions, header }: GptPlan): {
  readonly head: Uint8Array
  readonly tail: Uint8Array
} {
  const tableSectors = (COUNT * ENTRY) / sectorSize
  const last = Math.floor(diskSize / sectorSize) - 1
  const entries = Buffer.alloc(COUNT * ENTRY)
  for (const [index, [from, to]] of partitions.entries()) {
    const at = index * ENTRY
    entries.write(LINUX, at, 'hex')
    entries.fill(index + 1, at + 16, at + 32)
    entries.writeBigUInt64LE(BigInt(from), at + 32)
    entries.writeBigUInt64LE(BigInt(to), at + 40)
  }
  const copy = (own: number, other: number, table: number): Buffer => {
    const sector = Buffer.alloc(sectorSize)
    sector.write('EFI PART')
    sector.writeUInt32LE(0x1_00_00, 8)
    sector.writeUInt32LE(USED_BY_HEADER, 12)
    const words: readonly (readonly [number, number])[] = [
      [24, own],
      [32, other],
      [40, 2 + tableSectors],
      [48, last - tableSectors - 1],
      [72, table],
    ]
    for (const [at, value] of words) sector.writeBigUInt64LE(BigInt(value), at)
    sector.fill(7, 56, 72)
    sector.writeUInt32LE(COUNT, 80)
    sector.writeUInt32LE(ENTRY, 84)
    sector.writeUInt32LE(crc32(entries), 88)
    header?.(new DataView(sector.buffer, sector.byteOffset))
    sector.writeUInt32LE(crc32(sector.subarray(0, sector.readUInt32LE(12))), 16)
    return sector
  }
  const protective = Buffer.alloc(sectorSize)
  protective[450] = 0xee
  protective.writeUInt32LE(1, 454)
  protective.writeUInt32LE(Math.min(last, 0xff_ff_ff_ff), 458)
  protective[510] = 0x55
  protective[511] = 0xaa
  return {
    head: Buffer.concat([protective, copy(1, last, 2), entries]),
    tail: Buffer.concat([entries, copy(last, 1, last - tableSectors)]),
  }
}
