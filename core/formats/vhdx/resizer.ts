// Making the disk of an open image larger or smaller.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { MiB, formatSize, roundDown, roundUp } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import { blockIndex, entryCount, tableLength } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { BAT_ENTRY_SIZE, BAT_REGION, BLOCK, LOG_SECTOR, MAX_VIRTUAL_SIZE, REGION_TABLE_OFFSETS } from './layout.ts'
import { encodeRegions } from './regions.ts'
import type { RoomMap } from './room.ts'
import type { VhdxWriter } from './writer.ts'

const SIZE_BYTES = 8

export class VhdxResizer implements Resizer {
  readonly #file: ImageFile
  readonly #writer: VhdxWriter

  constructor(file: ImageFile, writer: VhdxWriter) {
    this.#file = file
    this.#writer = writer
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace: Pace = () => undefined): Promise<void> {
    const { geometry } = this.#file
    this.#check(virtualSize, preallocation)
    const room = await this.#writer.begin()
    await this.#writer.commit()
    const blockCount = Math.ceil(virtualSize / geometry.blockSize)
    const next = { ...geometry, virtualSize, blockCount }
    if (virtualSize < geometry.virtualSize) await this.#shrink(next, room, pace)
    else await this.#grow(next, preallocation, room, pace)
  }

  #check(virtualSize: number, preallocation: Preallocation): void {
    const { geometry, storage } = this.#file
    if (virtualSize < 0 || virtualSize % geometry.sectorSize !== 0)
      throw new SpindleError(
        'invalid-argument',
        `A disk consists of whole sectors, and ${virtualSize} bytes is no multiple of ${geometry.sectorSize}. Nothing was changed.`,
      )
    if (virtualSize > MAX_VIRTUAL_SIZE)
      throw new SpindleError(
        'invalid-argument',
        `The disk in a VHDX image can be ${formatSize(MAX_VIRTUAL_SIZE)} large at most. Nothing was changed.`,
      )
    if (preallocation !== 'off' && virtualSize < geometry.virtualSize)
      throw new SpindleError(
        'invalid-argument',
        `Only what is new of a disk can be allocated in advance, and ${storage.name} is to become smaller. Nothing was changed.`,
      )
  }

  /** What is new becomes part of the disk last. */
  async #grow(next: Geometry, preallocation: Preallocation, room: RoomMap, pace: Pace): Promise<void> {
    const { geometry, storage } = this.#file
    if (entryCount(next) * BAT_ENTRY_SIZE > this.#file.regions.bat.length) await this.#moveTable(next, room)
    for (let block = geometry.blockCount; block < next.blockCount; block += 1) {
      if (geometry.isFixed || preallocation !== 'off') {
        const place = await this.#writer.allocate(room)
        if (preallocation === 'falloc') await storage.allocate(place, geometry.blockSize)
        if (preallocation === 'full') await this.#writeZeros(place, pace)
        await this.#writer.link(block, BLOCK.present, place)
      } else {
        await this.#unlink(block)
      }
      await pace(preallocation === 'full' ? 0 : geometry.blockSize)
    }
    await this.#writer.commit()
    await this.#writeVirtualSize(next.virtualSize)
  }

  /** The disk ends before anything of it goes: from the first change on it is the smaller one. */
  async #shrink(next: Geometry, room: RoomMap, pace: Pace): Promise<void> {
    const { geometry, storage } = this.#file
    await this.#writeVirtualSize(next.virtualSize)
    for (let block = next.blockCount; block < geometry.blockCount; block += 1) {
      const { state, offset } = await this.#file.bat.entry(blockIndex(geometry, block))
      await this.#unlink(block)
      if (state === BLOCK.present || state === BLOCK.partial) this.#writer.release(offset)
      await pace(geometry.blockSize)
    }
    await this.#writer.commit()
    if (room.end >= this.#file.size) return
    await storage.truncate(room.end)
    this.#file.size = room.end
    await storage.flush()
  }

  async #unlink(block: number): Promise<void> {
    const { state, offset } = await this.#file.bat.entry(blockIndex(this.#file.geometry, block))
    if (state !== BLOCK.notPresent || offset !== 0) await this.#writer.link(block, BLOCK.notPresent, 0)
  }

  /** To a place where more entries fit. The region tables, of which there are two, lead to the old one or the new one. */
  async #moveTable(next: Geometry, room: RoomMap): Promise<void> {
    const { storage, regions } = this.#file
    const old = regions.bat
    const length = tableLength(next)
    const offset = await this.#writer.allocate(room, length)
    const buffer = new Uint8Array(MiB)
    for (let done = 0; done < old.length; done += MiB) {
      await readPadded(storage, old.offset + done, buffer)
      await storage.write(offset + done, buffer)
    }
    const bat = { ...old, offset, length }
    const all = regions.all.map((region) => (region.guid === BAT_REGION ? bat : region))
    const bytes = encodeRegions(all)
    for (const copy of REGION_TABLE_OFFSETS) {
      await storage.flush()
      await storage.write(copy, bytes)
    }
    await storage.flush()
    this.#file.moveRegions({ ...regions, bat, all })
    room.free(old.offset, old.length)
  }

  async #writeZeros(place: number, pace: Pace): Promise<void> {
    // Real writes: some file systems reserve nothing until they see them.
    const zeros = new Uint8Array(MiB)
    for (let done = 0; done < this.#file.geometry.blockSize; done += MiB) {
      await this.#file.storage.write(place + done, zeros)
      await pace(MiB)
    }
  }

  async #writeVirtualSize(virtualSize: number): Promise<void> {
    const { storage, metadata } = this.#file
    const { virtualSizeOffset } = metadata
    const start = roundDown(virtualSizeOffset, LOG_SECTOR)
    const bytes = new Uint8Array(roundUp(virtualSizeOffset + SIZE_BYTES, LOG_SECTOR) - start)
    await readPadded(storage, start, bytes)
    new DataView(bytes.buffer).setBigUint64(virtualSizeOffset - start, BigInt(virtualSize), true)
    const sectors = Array.from({ length: bytes.length / LOG_SECTOR }, (_, index) => ({
      offset: start + index * LOG_SECTOR,
      bytes: bytes.subarray(index * LOG_SECTOR, (index + 1) * LOG_SECTOR),
    }))
    await this.#writer.change(sectors, () => storage.write(start, bytes))
  }
}
