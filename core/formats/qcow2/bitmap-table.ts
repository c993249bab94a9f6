// The dirty bitmaps of an open image: listing, changing, reading and merging them.

import type { ImageLayer } from '../../image/driver.ts'
import type { BitmapTable, GuestRange } from '../../image/facets.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorCode } from '../../model/error.ts'
import type { BitmapFacts } from '../../model/image.ts'
import { KiB, isPowerOfTwo } from '../../model/units.ts'
import type { Run } from './allocator.ts'
import { markRanges, markedRanges, roomOfBitmap } from './bitmap-bits.ts'
import { checkHeaderRoom, readDirectory, switchBitmaps } from './bitmap-directory.ts'
import { bitmapTableEntries, movedBitmap, newBitmap, switchedBitmap } from './bitmaps.ts'
import type { Bitmap } from './bitmaps.ts'
import { printable } from './damage.ts'
import type { ImageFile } from './image-file.ts'
import {
  BITMAP_TABLE_ENTRY_SIZE,
  MAX_BITMAPS,
  MAX_BITMAP_BYTES,
  MAX_BITMAP_DIRECTORY_BYTES,
  MAX_BITMAP_GRANULARITY_BITS,
  MAX_BITMAP_NAME,
  MIN_BITMAP_GRANULARITY_BITS,
} from './layout.ts'
import { releaseRuns } from './release.ts'
import type { SnapshotWriting } from './snapshot-table.ts'
import { roomOf } from './switch.ts'
import type { TreeWork } from './tree.ts'

/** What QEMU keeps to where it is not told a granularity. Bytes. */
const USUAL_GRANULARITY = { least: 4 * KiB, most: 64 * KiB }

/** What becomes of a bitmap: the one in its place, if any, and the room it no longer takes. */
interface Replacement {
  readonly next: readonly Bitmap[]
  readonly freed: readonly Run[]
}

export class Qcow2Bitmaps implements BitmapTable {
  readonly #layer: ImageLayer
  readonly #file: ImageFile
  readonly #writing: SnapshotWriting | undefined

  constructor(layer: ImageLayer, file: ImageFile, writing: SnapshotWriting | undefined) {
    this.#layer = layer
    this.#file = file
    this.#writing = writing
  }

  async list(): Promise<readonly BitmapFacts[]> {
    return (await this.#bitmaps()).map(({ facts }) => facts)
  }

  async add(name: string, granularity = this.#usualGranularity()): Promise<void> {
    const bitmaps = await this.#bitmaps()
    const bitmap = await this.#checkedNew(name, granularity, bitmaps)
    await this.#whole(async (work) => {
      const table = await work.changes.place(new Uint8Array(bitmap.table.entries * BITMAP_TABLE_ENTRY_SIZE))
      await this.#settle(work, [...bitmaps, movedBitmap(bitmap, table)], [])
    })
  }

  async remove(name: string): Promise<void> {
    await this.#replace(await this.#find(name), async (_work, old) => ({
      next: [],
      freed: await roomOfBitmap(this.#file, old),
    }))
  }

  async clear(name: string): Promise<void> {
    await this.#replace(await this.#findSound(name), async ({ changes }, old) => {
      const table = await changes.place(new Uint8Array(old.table.entries * BITMAP_TABLE_ENTRY_SIZE))
      return { next: [movedBitmap(old, table)], freed: await roomOfBitmap(this.#file, old) }
    })
  }

  async enable(name: string): Promise<void> {
    await this.#switch(name, true)
  }

  async disable(name: string): Promise<void> {
    await this.#switch(name, false)
  }

  async *read(name: string): AsyncGenerator<GuestRange, void, undefined> {
    yield* markedRanges(this.#file, await this.#findSound(name))
  }

  async mark(name: string, ranges: AsyncIterable<GuestRange>): Promise<void> {
    await this.#replace(await this.#findSound(name), async (work, old) => {
      const { table, replaced } = await markRanges(work, old, ranges)
      const freed = [...replaced, ...roomOf(this.#file, old.table.offset, table.length)]
      return { next: [movedBitmap(old, await work.changes.place(table))], freed }
    })
  }

  async #switch(name: string, enabled: boolean): Promise<void> {
    const old = await this.#findSound(name)
    if (old.facts.flags.includes('auto') === enabled) return
    await this.#replace(old, async () => ({ next: [switchedBitmap(old, enabled)], freed: [] }))
  }

  async #replace(old: Bitmap, work: (work: TreeWork, old: Bitmap) => Promise<Replacement>): Promise<void> {
    await this.#whole(async (begun) => {
      const { next, freed } = await work(begun, old)
      const bitmaps = (await this.#bitmaps()).flatMap((one) => (one.facts.name === old.facts.name ? next : [one]))
      await this.#settle(begun, bitmaps, freed)
    })
  }

  async #settle(work: TreeWork, bitmaps: readonly Bitmap[], freed: readonly Run[]): Promise<void> {
    const room = await switchBitmaps(work, bitmaps)
    await releaseRuns(work, [...freed, ...room])
  }

  async #whole(work: (work: TreeWork) => Promise<void>): Promise<void> {
    const { unwritable } = this.#layer
    if (unwritable) throw SpindleError.fromData(unwritable)
    if (!this.#writing) throw this.#refusal('access-denied', 'is open for reading only')
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    await changes.whole(async () => work({ file: this.#file, changes }))
  }

  async #bitmaps(): Promise<readonly Bitmap[]> {
    return (await readDirectory(this.#file)).bitmaps
  }

  async #find(name: string): Promise<Bitmap> {
    const bitmap = (await this.#bitmaps()).find(({ facts }) => facts.name === name)
    if (bitmap) return bitmap
    throw this.#refusal('not-found', `has no bitmap named “${printable(name)}”. Nothing was changed`)
  }

  async #findSound(name: string): Promise<Bitmap> {
    const bitmap = await this.#find(name)
    if (!bitmap.facts.flags.includes('in-use')) return bitmap
    throw this.#refusal(
      'invalid-image',
      `has a bitmap “${printable(name)}” that was being changed when the image was last closed, so it can no longer be trusted. Nothing was changed. Remove it`,
    )
  }

  /** With no place for its table yet. */
  async #checkedNew(name: string, granularity: number, bitmaps: readonly Bitmap[]): Promise<Bitmap> {
    const { geometry } = this.#file
    const length = Buffer.byteLength(name)
    if (length === 0 || length > MAX_BITMAP_NAME)
      throw new SpindleError(
        'invalid-argument',
        `A bitmap’s name is 1 to ${MAX_BITMAP_NAME} bytes long; this one has ${length}. Nothing was changed.`,
      )
    const bits = Math.log2(granularity)
    if (!isPowerOfTwo(granularity) || bits < MIN_BITMAP_GRANULARITY_BITS || bits > MAX_BITMAP_GRANULARITY_BITS)
      throw new SpindleError(
        'invalid-argument',
        `A bit of a bitmap stands for a power of two between 512 bytes and 2 GiB, not for ${granularity} bytes. Nothing was changed.`,
      )
    if (bitmaps.some(({ facts }) => facts.name === name))
      throw this.#refusal('exists', `has a bitmap named “${printable(name)}” already. Nothing was changed`)
    const entries = bitmapTableEntries(geometry, granularity)
    if (entries === 0) throw this.#refusal('unsupported', 'has no size, so there is nothing to keep track of')
    if (entries * geometry.clusterSize > MAX_BITMAP_BYTES)
      throw this.#refusal(
        'unsupported',
        `is too large for a bitmap with a bit for every ${granularity} bytes. Nothing was changed. Choose a larger granularity`,
      )
    const bitmap = newBitmap(name, granularity, { offset: 0, entries })
    const directory = bitmaps.reduce((sum, { entry }) => sum + entry.length, bitmap.entry.length)
    if (bitmaps.length >= MAX_BITMAPS || directory > MAX_BITMAP_DIRECTORY_BYTES)
      throw this.#refusal('unsupported', 'cannot list more bitmaps. Nothing was changed. Remove one first')
    await checkHeaderRoom(this.#file)
    return bitmap
  }

  #usualGranularity(): number {
    const { least, most } = USUAL_GRANULARITY
    return Math.min(most, Math.max(least, this.#file.geometry.clusterSize))
  }

  /** `what` is a clause that follows the path, without its full stop. */
  #refusal(code: ErrorCode, what: string): SpindleError {
    const { name } = this.#file.storage
    return new SpindleError(code, `${name} ${what}.`, { path: name })
  }
}
