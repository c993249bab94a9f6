// Making a GPT fit the end of a disk whose size has changed.

import { SpindleError } from '../model/error.ts'
import { formatSize, roundUp } from '../model/units.ts'
import { partOf } from './disk-reader.ts'
import type { ReadableDisk } from './disk-reader.ts'
import { GPT_HEADER } from './gpt-layout.ts'
import type { GptHeader } from './gpt-layout.ts'
import { backupSize, headerCrc, partitionsOf, readGpt } from './gpt.ts'
import type { Gpt, GptCopy } from './gpt.ts'
import { MBR_SECTOR } from './mbr.ts'

/** Bytes that are to stand at `offset`. */
export interface Patch {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A table that was read from a disk, and can be written for another size of it. */
export class MovableGpt {
  readonly #gpt: Gpt
  readonly #copy: GptCopy
  readonly #firstSector: Uint8Array

  constructor(gpt: Gpt, copy: GptCopy, firstSector: Uint8Array) {
    this.#gpt = gpt
    this.#copy = copy
    this.#firstSector = firstSector
  }

  /** Undefined where the disk has no GPT, or none that holds. */
  static async read(disk: ReadableDisk): Promise<MovableGpt | undefined> {
    const reader = partOf(disk, 0, disk.size)
    const gpt = await readGpt(reader)
    const copy = gpt?.primary ?? gpt?.backup
    return gpt && copy && new MovableGpt(gpt, copy, await reader.read(0, MBR_SECTOR))
  }

  /** Bytes that the disk needs for its partitions and the copy of the table behind them. */
  get smallestSize(): number {
    const { sectorSize } = this.#gpt
    const least = this.#copy.header.first_usable * sectorSize
    const end = partitionsOf(this.#copy, sectorSize).reduce(
      (most, one) => Math.max(most, one.offset + one.length),
      least,
    )
    return roundUp(end, sectorSize) + backupSize(this.#copy, sectorSize)
  }

  /** Bytes at the end of the disk as it was that the copy of the table took: they hold nothing else. */
  get oldCopy(): { readonly offset: number; readonly length: number } | undefined {
    const { backup, sectorSize } = this.#gpt
    if (!backup) return undefined
    const length = backupSize(backup, sectorSize)
    const end = (backup.header.own_sector + 1) * sectorSize
    const isBehind = backup.header.entries_sector * sectorSize === end - length
    const isFree = end - length >= this.smallestSize - backupSize(this.#copy, sectorSize)
    return isBehind && isFree ? { offset: end - length, length } : undefined
  }

  /**
   * What is to be written so that the table fits a disk of this size: the copy at its end, the header at its start, and
   * nothing where the copy was. Throws `invalid-argument` where that has no room.
   */
  patches(diskSize: number): readonly Patch[] {
    const { sectorSize, primary } = this.#gpt
    const { header, entries, sector } = this.#copy
    if (diskSize < this.smallestSize)
      throw new SpindleError(
        'invalid-argument',
        `The partitions and the copy of their table behind them need ${formatSize(this.smallestSize)} (${this.smallestSize} bytes); the disk would have ${formatSize(diskSize)}. Nothing was changed.`,
      )
    const last = Math.floor(diskSize / sectorSize) - 1
    const tableSectors = backupSize(this.#copy, sectorSize) / sectorSize - 1
    const start = primary ? header.entries_sector : 2
    const shared = { ...header, last_usable: last - tableSectors - 1 }
    const first = { ...shared, own_sector: 1, other_sector: last, entries_sector: start }
    const second = { ...shared, own_sector: last, other_sector: 1, entries_sector: last - tableSectors }
    const padded = new Uint8Array(tableSectors * sectorSize)
    padded.set(entries)
    const old = this.oldCopy
    const left = old ? Math.min(old.length, diskSize - old.offset) : 0
    return [
      // First, since the new one may lie over it in part.
      ...(old && left > 0 ? [{ offset: old.offset, bytes: new Uint8Array(left) }] : []),
      { offset: second.entries_sector * sectorSize, bytes: padded },
      { offset: last * sectorSize, bytes: headerSector(sector, second) },
      ...(primary ? [] : [{ offset: start * sectorSize, bytes: padded }]),
      { offset: sectorSize, bytes: headerSector(sector, first) },
      ...this.#protective(last),
    ]
  }

  /** The first sector tells systems that know no GPT how far it reaches. */
  #protective(last: number): readonly Patch[] {
    const bytes = this.#firstSector.slice()
    const view = new DataView(bytes.buffer)
    const entry = [446, 462, 478, 494].find((at) => bytes[at + 4] === 0xee && view.getUint32(at + 8, true) === 1)
    // One that does not reach to the end was made so, to leave room for other entries.
    const isAlone = [446, 462, 478, 494].every((at) => at === entry || bytes[at + 4] === 0)
    if (entry === undefined || !isAlone || view.getUint16(510, true) !== 0xaa55) return []
    view.setUint32(entry + 12, Math.min(last, 0xff_ff_ff_ff), true)
    return [{ offset: 0, bytes }]
  }
}

/** What no field covers stays as it is. */
function headerSector(sector: Uint8Array, values: GptHeader): Uint8Array {
  const bytes = sector.slice()
  bytes.set(GPT_HEADER.encode({ ...values, header_crc: 0 }).subarray(0, 20))
  bytes.set(GPT_HEADER.encode(values).subarray(24), 24)
  const { header_crc: crc } = GPT_HEADER.fields
  new DataView(bytes.buffer).setUint32(crc.offset, headerCrc(bytes, values.header_size), true)
  return bytes
}
