// Writing into an open image: room for new blocks, and zeros in the place a block has.

import type { LayerWriter, Room } from '../../image/driver.ts'
import type { Table } from '../../image/table-cache.ts'
import { MiB } from '../../model/units.ts'
import { hasParent } from './header.ts'
import { TYPE, ZERO } from './layout.ts'
import { Places } from './places.ts'
import type { Run } from './places.ts'
import { newUuid } from './uuid.ts'
import { ENTRIES_PER_PAGE } from './vdi-file.ts'
import type { VdiFile } from './vdi-file.ts'

/** Entries that wait to be written; more are written out on the way. */
const MOST_CHANGED = 4 * MiB

/** Guest bytes of one request that one page of the map speaks for. */
interface Span {
  readonly page: Table
  readonly end: number
}

export class VdiWriter implements LayerWriter {
  readonly #file: VdiFile
  readonly #keepsRoom: boolean
  #places: Promise<Places> | undefined
  /** Room that was given out and is not linked yet. */
  #open: Run | undefined
  #touched = false
  #newUuid = false

  constructor(file: VdiFile) {
    this.#file = file
    this.#keepsRoom = file.header.image_type === TYPE.fixed
  }

  async reserve(offset: number, length: number): Promise<Room> {
    const file = this.#file
    await this.#dropOpenRoom()
    const span = await this.#span(offset, length)
    const block = Math.floor(offset / file.header.block_size)
    this.#touched = true
    const host = file.host(span.page, block)
    return host === undefined ? this.#newRoom(span, block) : this.#ownRoom(span, block, host)
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    const { storage, header } = this.#file
    return this.#eachBlock(offset, length, async ({ page, block, host, from, to }) => {
      if (host !== undefined) {
        this.#touched = true
        if (unmap && !this.#keepsRoom) await storage.discard(host, to - from)
        else await storage.zero(host, to - from)
        return true
      }
      if (!hasParent(header) || this.#file.entry(page, block) === ZERO) return true
      const end = Math.min((block + 1) * header.block_size, this.#file.virtualSize)
      if (from > block * header.block_size || to < end) return false
      this.#touched = true
      this.#file.setEntry(await this.#file.page(block), block, ZERO)
      return true
    })
  }

  async discard(offset: number, length: number): Promise<number> {
    return this.#eachBlock(offset, length, async ({ host, from, to }) => {
      if (host === undefined || this.#keepsRoom) return true
      this.#touched = true
      await this.#file.storage.discard(host, to - from)
      return true
    })
  }

  async flush(): Promise<void> {
    await this.#dropOpenRoom()
    if (this.#touched) await this.#commit()
    this.#touched = false
  }

  /** Blocks that lie together already: to be written in place. */
  #ownRoom({ page, end }: Span, block: number, host: number): Room {
    const { storage, header, placeSize } = this.#file
    const { block_size } = header
    const last = this.#lastTogether(block, end)
    let stop = block + 1
    while (stop < last && this.#file.host(page, stop) === host + (stop - block) * placeSize) stop += 1
    const start = block * block_size
    const length = Math.min(stop * block_size, this.#file.virtualSize) - start
    return { start, length, storage, offset: host, linked: true, link: async () => {} }
  }

  async #newRoom({ page, end }: Span, block: number): Promise<Room> {
    const file = this.#file
    const { block_size } = file.header
    const places = await this.#allPlaces()
    const last = this.#lastTogether(block, end)
    let stop = block + 1
    while (stop < last && file.host(page, stop) === undefined) stop += 1
    const run = (this.#open = places.take(stop - block))
    const start = block * block_size
    const length = Math.min((block + run.count) * block_size, file.virtualSize) - start
    const offset = file.hostOf(run.first)
    const link = async (): Promise<void> => this.#link(block, run, length)
    return { start, length, storage: file.storage, offset, linked: false, link }
  }

  /** The block before which room for guest bytes up to `end` has to stop, wherever the blocks are. */
  #lastTogether(block: number, end: number): number {
    const { block_size, block_extra } = this.#file.header
    return block_extra === 0 ? Math.ceil(end / block_size) : block + 1
  }

  async #link(block: number, run: Run, length: number): Promise<void> {
    const file = this.#file
    const offset = file.hostOf(run.first)
    const end = file.hostOf(run.first + run.count) - file.header.block_extra
    // A disk may end inside a block: what was there before must not show when the disk grows.
    if (offset + length < end) await file.storage.write(offset + length, new Uint8Array(end - offset - length))
    // While it was filled, readers may have driven the page out of memory.
    const page = await file.page(block)
    for (let index = 0; index < run.count; index += 1) file.setEntry(page, block + index, run.first + index)
    file.size = Math.max(file.size, end)
    this.#open = undefined
    if (file.pages.changedBytes > MOST_CHANGED) await this.#commit()
  }

  /**
   * The header counts a block before the map leads to it: with too low a count, other programs would give its place
   * out once more; with too high a one they waste it.
   */
  async #commit(): Promise<void> {
    const { storage, pages, header } = this.#file
    const allocated = this.#places ? (await this.#places).end : header.blocks_allocated
    if (allocated !== header.blocks_allocated || !this.#newUuid)
      await this.#file.writeHeader({
        blocks_allocated: allocated,
        // By this, images that lie on this one can tell that it is no longer what they were made over.
        ...(!this.#newUuid && { uuid_last_snap: newUuid() }),
      })
    this.#newUuid = true
    await storage.flush()
    if (pages.changedBytes === 0) return
    await pages.writeBack()
    await storage.flush()
  }

  async #allPlaces(): Promise<Places> {
    this.#places ??= Places.read(this.#file)
    try {
      return await this.#places
    } catch (error) {
      this.#places = undefined
      throw error
    }
  }

  /** Filling it must have failed. */
  async #dropOpenRoom(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open) (await this.#places)?.giveBack(open)
  }

  async #span(offset: number, length: number): Promise<Span> {
    const { header, virtualSize } = this.#file
    const block = Math.floor(offset / header.block_size)
    const pageEnd = (Math.floor(block / ENTRIES_PER_PAGE) + 1) * ENTRIES_PER_PAGE * header.block_size
    return { page: await this.#file.page(block), end: Math.min(offset + length, virtualSize, pageEnd) }
  }

  /** Until `work` says that it can do nothing for a block. Returns the bytes that it worked for. */
  async #eachBlock(
    offset: number,
    length: number,
    work: (part: {
      readonly page: Table
      readonly block: number
      /** Where byte `from` of the disk is, if the block has a place. */
      readonly host: number | undefined
      readonly from: number
      readonly to: number
    }) => Promise<boolean>,
  ): Promise<number> {
    await this.#dropOpenRoom()
    const { block_size } = this.#file.header
    const { page, end } = await this.#span(offset, length)
    let from = offset
    while (from < end) {
      const block = Math.floor(from / block_size)
      const to = Math.min(end, (block + 1) * block_size)
      const place = this.#file.host(page, block)
      const host = place === undefined ? undefined : place + (from - block * block_size)
      if (!(await work({ page, block, host, from, to }))) break
      from = to
    }
    return from - offset
  }
}
