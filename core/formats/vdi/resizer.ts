// Making the disk of an open image larger or smaller.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError, assertNever } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { MiB, formatSize, roundDown } from '../../model/units.ts'
import { hasParent } from './header.ts'
import { ENTRY_SIZE, FREE, MAX_BLOCKS, SECTOR, TYPE } from './layout.ts'
import { copyPlace, packBlocks } from './pack.ts'
import { Places, mapPages } from './places.ts'
import { ENTRIES_PER_PAGE, isPlace } from './vdi-file.ts'
import type { VdiFile } from './vdi-file.ts'
import type { VdiWriter } from './writer.ts'

/** VirtualBox works it out anew. */
const NO_GEOMETRY = { cylinders: 0, heads: 0, sectors: 0, bios_cylinders: 0, bios_heads: 0, bios_sectors: 0 }

export class VdiResizer implements Resizer {
  readonly #file: VdiFile
  readonly #writer: VdiWriter

  constructor(file: VdiFile, writer: VdiWriter) {
    this.#file = file
    this.#writer = writer
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const file = this.#file
    this.#check(virtualSize, preallocation)
    await this.#writer.flush()
    // What is damaged could lose more than what is cut off.
    const places = await Places.read(file)
    if (virtualSize < file.virtualSize) await shrink(file, virtualSize, pace)
    else await grow(file, places, { virtualSize, preallocation, pace })
  }

  #check(virtualSize: number, preallocation: Preallocation): void {
    const { storage, header } = this.#file
    const { name } = storage
    const most = MAX_BLOCKS * header.block_size
    if (virtualSize % SECTOR !== 0 || virtualSize < 0)
      throw new SpindleError(
        'invalid-argument',
        `A disk consists of whole sectors, and ${virtualSize} bytes is no multiple of ${SECTOR}. Nothing was changed.`,
      )
    if (virtualSize > most)
      throw new SpindleError(
        'invalid-argument',
        `With its blocks of ${formatSize(header.block_size)}, ${name} can be ${formatSize(most)} large at most. Nothing was changed.`,
        { path: name },
      )
    if (hasParent(header))
      throw new SpindleError(
        'unsupported',
        `${name} holds only what differs from another image, and must be as large as that. Nothing was changed. Convert it to an image of its own first.`,
        { path: name },
      )
    if (preallocation !== 'off' && virtualSize < this.#file.virtualSize)
      throw new SpindleError(
        'invalid-argument',
        `Only what is new of a disk can be allocated in advance, and ${name} is to become smaller. Nothing was changed.`,
        { path: name },
      )
  }
}

/** The disk ends before anything of it goes: from the first write on it is the smaller one. */
async function shrink(file: VdiFile, virtualSize: number, pace: Pace | undefined): Promise<void> {
  const { block_size } = file.header
  const blocks_in_image = Math.ceil(virtualSize / block_size)
  await file.writeHeader({ ...NO_GEOMETRY, disk_size: virtualSize, blocks_in_image })
  await file.storage.flush()
  await packBlocks(file, pace)
}

interface Growth {
  readonly virtualSize: number
  readonly preallocation: Preallocation
  readonly pace: Pace | undefined
}

/** What is new becomes part of the disk last. */
async function grow(file: VdiFile, places: Places, { virtualSize, preallocation, pace }: Growth): Promise<void> {
  const { storage, pages, header } = file
  const blocks = Math.ceil(virtualSize / header.block_size)
  const first = file.blocks
  const end = await makeRoomForMap(file, places.end, blocks, pace)
  const isFixed = header.image_type === TYPE.fixed
  const room = isFixed && preallocation === 'off' ? 'falloc' : preallocation
  // Whatever lies behind the last block is no one’s, and must not show in a new one.
  const start = file.header.offset_data + end * file.placeSize
  if (start < (await storage.size())) await storage.truncate(start)
  const isPlaced = room !== 'off'
  const count = isPlaced ? Math.max(0, blocks - first) : 0
  if (room !== 'off') await takeRoom(file, { offset: start, length: count * file.placeSize }, room, pace)
  await storage.flush()
  for (let block = first; block < blocks;) {
    const page = await file.page(block)
    const last = Math.min(blocks, roundDown(block, ENTRIES_PER_PAGE) + ENTRIES_PER_PAGE)
    for (; block < last; block += 1) file.setEntry(page, block, isPlaced ? end + (block - first) : FREE)
    // No one looks there yet, and there may be more than fits in memory.
    await pages.writeBack()
    await pace?.(0)
  }
  await storage.flush()
  await file.writeHeader({
    ...NO_GEOMETRY,
    disk_size: virtualSize,
    blocks_in_image: blocks,
    blocks_allocated: end + count,
  })
  await storage.flush()
}

/**
 * A map of `blocks` entries may reach into the first places: their blocks move to the end, and places are counted from
 * a later one. Returns where the last place ends then.
 */
async function makeRoomForMap(file: VdiFile, end: number, blocks: number, pace: Pace | undefined): Promise<number> {
  const { storage, pages, placeSize, header } = file
  const gone = Math.ceil((header.offset_bmap + blocks * ENTRY_SIZE - header.offset_data) / placeSize)
  if (gone <= 0) return end
  let next = Math.max(end, gone)
  const moved = new Map<number, number>()
  for await (const { page, first, end: last } of mapPages(file)) {
    for (let block = first; block < last; block += 1) {
      const place = file.entry(page, block)
      if (!isPlace(place) || place >= gone) continue
      await copyPlace(file, place, next)
      await pace?.(0)
      moved.set(block, next)
      next += 1
    }
  }
  await storage.flush()
  for await (const { page, first, end: last } of mapPages(file)) {
    for (let block = first; block < last; block += 1) {
      const place = moved.get(block) ?? file.entry(page, block)
      if (isPlace(place)) file.setEntry(page, block, place - gone)
    }
  }
  await pages.writeBack()
  await file.writeHeader({ offset_data: header.offset_data + gone * placeSize, blocks_allocated: next - gone })
  await storage.flush()
  return next - gone
}

async function takeRoom(
  { storage }: VdiFile,
  { offset, length }: { readonly offset: number; readonly length: number },
  preallocation: Exclude<Preallocation, 'off'>,
  pace: Pace | undefined,
): Promise<void> {
  switch (preallocation) {
    case 'metadata':
      await storage.truncate(offset + length)
      break
    case 'falloc':
      await storage.allocate(offset, length)
      break
    case 'full': {
      // Real writes: some file systems reserve nothing until they see them.
      const zeros = new Uint8Array(MiB)
      for (let done = 0; done < length; done += MiB) {
        const step = Math.min(MiB, length - done)
        await storage.write(offset + done, zeros.subarray(0, step))
        await pace?.(step)
      }
      break
    }
    default:
      assertNever(preallocation)
  }
}
