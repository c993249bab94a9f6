// Writing into an open image: blocks get room as they are written, and the table of blocks changes through the log.

import type { LayerWriter, Room } from '../../image/driver.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { bitmapIndex, blockIndex, usedBytes } from './geometry.ts'
import { newGuid } from '../../bytes/guid.ts'
import type { BlockState, ImageFile } from './image-file.ts'
import { Journal } from './journal.ts'
import type { NewSector } from './journal.ts'
import { BITMAP, BLOCK } from './layout.ts'
import { RoomMap } from './room.ts'

/** Changed pages that may wait for a flush; the smallest log there is holds nearly twice as many in one entry. */
const MOST_CHANGED_PAGES = 128
/** Bytes that one request moves here from the parent. */
const MOST_MOVED = MiB

export class VhdxWriter implements LayerWriter {
  readonly #file: ImageFile
  readonly #journal: Journal
  #room: RoomMap | undefined
  /** Room of a block that was given out and is not linked yet. */
  #open: number | undefined
  /** Blocks nothing leads to once the changes are durable. */
  #freed: number[] = []
  /** After a failure in the middle of a change to the tables, only what is on disk knows how far it came. */
  #failure: unknown

  constructor(file: ImageFile) {
    this.#file = file
    this.#journal = new Journal(file.storage, file.headers)
  }

  async reserve(offset: number, length: number): Promise<Room> {
    const room = await this.#ready()
    const { geometry, storage } = this.#file
    const block = Math.floor(offset / geometry.blockSize)
    const state = await this.#state(block)
    const end = Math.min(offset + length, block * geometry.blockSize + usedBytes(geometry, block))
    // What is not here is the parent’s, and moves here sector by sector.
    if (state.kind === 'partial' || (state.kind === 'hole' && geometry.hasParent))
      return this.#sectors(room, state, { block, from: offset, to: end })
    const place = state.kind === 'data' ? state.offset : await this.#addBlock(room, block)
    await this.#wholeAt(place)
    return {
      start: offset,
      length: end - offset,
      storage,
      offset: place + (offset - block * geometry.blockSize),
      linked: true,
      link: async () => {},
    }
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    await this.#ready()
    const { blockSize, isFixed, hasParent } = this.#file.geometry
    return this.#eachBlock(offset, length, async ({ block, from, to, isWhole }) => {
      const state = await this.#state(block)
      if (state.kind === 'zero' || (state.kind === 'hole' && !hasParent)) return true
      if (state.kind === 'data' && (isFixed || !unmap || !isWhole)) {
        await this.#wholeAt(state.offset)
        await this.#file.storage.zero(state.offset + (from - block * blockSize), to - from)
        return true
      }
      if (isWhole) await this.#dropBlock(block, state)
      return isWhole
    })
  }

  async discard(offset: number, length: number): Promise<number> {
    if (this.#file.geometry.isFixed) return length
    await this.#ready()
    return this.#eachBlock(offset, length, async ({ block, isWhole }) => {
      const state = await this.#state(block)
      if (isWhole && (state.kind === 'data' || state.kind === 'partial')) await this.#dropBlock(block, state)
      return true
    })
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#room) await this.commit()
  }

  /** Before anything is changed. Answers with what is free. */
  async begin(): Promise<RoomMap> {
    return this.#ready()
  }

  /** Leads a block to a place, or to none, once it is committed. */
  async link(block: number, state: number, offset: number): Promise<void> {
    await this.#file.bat.set(blockIndex(this.#file.geometry, block), state, offset)
    await this.#commitMany()
  }

  /** Gives up the room of a block that was led elsewhere, once that is committed. */
  release(offset: number): void {
    this.#freed.push(offset)
  }

  /** Makes everything durable: data first, then the tables that lead to it. */
  async commit(): Promise<void> {
    const { bat, bitmaps, storage } = this.#file
    const freed = this.#freed
    this.#freed = []
    const pages = [...bat.changedPages, ...bitmaps.changedPages]
    const writeBack = async (): Promise<void> => {
      await bat.writeBack()
      await bitmaps.writeBack()
    }
    if (pages.length === 0) await this.#orFail(() => storage.flush())
    else await this.change(pages, writeBack)
    const { blockSize } = this.#file.geometry
    for (const offset of freed) {
      this.#room?.free(offset, blockSize)
      await storage.discard(offset, Math.min(blockSize, this.#file.size - offset))
    }
  }

  /** Changes parts of the file through the log, all or none at a time that fit into it. */
  async change(sectors: readonly NewSector[], apply: () => Promise<void>): Promise<void> {
    await this.#orFail(() => this.#journal.commit(sectors, apply))
  }

  /** Grows the file, so that it is as long as what was placed in it. */
  async growTo(size: number): Promise<void> {
    if (size <= this.#file.size) return
    await this.#file.storage.truncate(size)
    this.#file.size = size
  }

  /** Room for a block, or for so many bytes, reading as zeros: a crash shows no more of it than was written. */
  async allocate(room: RoomMap, length = this.#file.geometry.blockSize): Promise<number> {
    const { storage, size } = this.#file
    const place = room.allocate(length)
    try {
      if (place < size) await clear(storage, place, Math.min(place + length, size))
      await this.growTo(place + length)
    } catch (error) {
      room.free(place, length)
      throw error
    }
    return place
  }

  /**
   * The block shows zeros before and after it is linked, so it is linked at once: however large it is, nothing of it has
   * to be written but what the guest writes.
   */
  async #addBlock(room: RoomMap, block: number): Promise<number> {
    const place = await this.allocate(room)
    await this.link(block, BLOCK.present, place)
    return place
  }

  /** From now on it is zeros, whatever the parent has there. */
  async #dropBlock(block: number, state: BlockState): Promise<void> {
    await this.link(block, BLOCK.zero, 0)
    if (state.kind === 'data' || state.kind === 'partial') this.release(state.offset)
  }

  /** Sectors that are here already, or that are not. */
  async #sectors(
    room: RoomMap,
    state: BlockState,
    { block, from, to }: { readonly block: number; readonly from: number; readonly to: number },
  ): Promise<Room> {
    const { blockSize, sectorSize } = this.#file.geometry
    const start = block * blockSize
    const first = Math.floor((from - start) / sectorSize)
    const wanted = Math.ceil((Math.min(to, from + MOST_MOVED) - start) / sectorSize) - first
    const isHere = state.kind === 'partial' ? await this.#file.bitmaps.read(block, first, wanted) : []
    const linked = isHere[0] === true
    const change = isHere.findIndex((here) => here !== linked)
    const count = change === -1 ? wanted : change
    const place = state.kind === 'partial' ? state.offset : await this.allocate(room)
    if (state.kind !== 'partial') this.#open = place
    await this.#wholeAt(place)
    return {
      start: start + first * sectorSize,
      length: count * sectorSize,
      storage: this.#file.storage,
      offset: place + first * sectorSize,
      linked,
      link: async () => {
        if (linked) return
        this.#open = undefined
        await this.#addBitmap(room, block)
        if (state.kind !== 'partial') await this.#startPartial(block, place)
        await this.#file.bitmaps.set(block, first, count, true)
        await this.#commitMany()
      },
    }
  }

  async #addBitmap(room: RoomMap, block: number): Promise<void> {
    const { bat, geometry } = this.#file
    const index = bitmapIndex(geometry, Math.floor(block / geometry.chunkRatio))
    if ((await bat.entry(index)).state === BITMAP.present) return
    await bat.set(index, BITMAP.present, await this.allocate(room, MiB))
  }

  /** The bits of a block mean nothing until then, whatever they are. */
  async #startPartial(block: number, place: number): Promise<void> {
    const { bat, bitmaps, geometry } = this.#file
    await bitmaps.set(block, 0, geometry.blockSize / geometry.sectorSize, false)
    await bat.set(blockIndex(geometry, block), BLOCK.partial, place)
  }

  async #commitMany(): Promise<void> {
    const { bat, bitmaps } = this.#file
    if (bat.changedPageCount + bitmaps.changedPageCount >= MOST_CHANGED_PAGES) await this.commit()
  }

  /** The last block may have been cut short at the end of the disk. */
  async #wholeAt(place: number): Promise<void> {
    await this.growTo(place + this.#file.geometry.blockSize)
  }

  async #state(block: number): Promise<BlockState> {
    const { bat, geometry } = this.#file
    const index = blockIndex(geometry, block)
    return this.#file.blockState(block, bat.peek(index) ?? (await bat.entry(index)))
  }

  /** Goes on to the end of the range, or to the first part that `work` can do nothing about. Returns the bytes done. */
  async #eachBlock(
    offset: number,
    length: number,
    work: (part: { block: number; from: number; to: number; isWhole: boolean }) => Promise<boolean>,
  ): Promise<number> {
    const { blockSize, virtualSize } = this.#file.geometry
    const end = offset + length
    for (let from = offset; from < end;) {
      const block = Math.floor(from / blockSize)
      const to = Math.min(end, (block + 1) * blockSize)
      const isWhole = from === block * blockSize && to === Math.min((block + 1) * blockSize, virtualSize)
      if (!(await work({ block, from, to, isWhole }))) return from - offset
      from = to
    }
    return length
  }

  async #ready(): Promise<RoomMap> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#room) return this.#dropOpen(this.#room)
    const room = await RoomMap.of(this.#file)
    // Whoever knows this image by its GUIDs must learn that it is another one from now on.
    await this.#orFail(() => this.#file.headers.update({ file_write_guid: newGuid(), data_write_guid: newGuid() }))
    this.#room = room
    return room
  }

  /** Filling it must have failed. */
  #dropOpen(room: RoomMap): RoomMap {
    if (this.#open !== undefined) room.free(this.#open, this.#file.geometry.blockSize)
    this.#open = undefined
    return room
  }

  async #orFail(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}

/** Makes what is there read as zeros; where there is nothing, nothing is put. */
async function clear(storage: Storage, offset: number, end: number): Promise<void> {
  for (let position = offset; position < end;) {
    const segment = await storage.segment(position)
    const length = Math.min(segment.length, end - position)
    if (!segment.hole) await storage.zero(position, length)
    position += length
  }
}
