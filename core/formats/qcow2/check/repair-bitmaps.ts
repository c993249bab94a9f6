// Bitmaps that say nothing any more are taken out of the image; their room is a leak afterwards.

import { roundUp } from '../../../model/units.ts'
import { printable } from '../damage.ts'
import { writeHeaderFields } from '../header.ts'
import { AUTOCLEAR, BITMAPS_EXTENSION, BITMAP_ENTRY, EXTENSION, EXTENSION_HEAD } from '../layout.ts'
import type { CheckedImage } from './checked-image.ts'
import type { Examination } from './examination.ts'

/** Takes out those that were being changed when the image was last closed. Returns their names. */
export async function dropUnfinishedBitmaps({ image, bitmaps }: Examination): Promise<readonly string[]> {
  const { storage, header, extensions } = image
  const { bitmaps: extension } = extensions
  const dropped = bitmaps.filter(({ facts }) => facts.flags.includes('in-use')).map(({ facts }) => facts.name)
  if (!extension || dropped.length === 0) return []
  // Until all is written the header vouches for none of them.
  await writeHeaderFields(storage, { autoclear_features: header.autoclear_features & ~AUTOCLEAR.bitmaps })
  await storage.flush()
  if (dropped.length === bitmaps.length) {
    await removeBitmapsExtension(image)
  } else {
    const kept = await keptEntries(image, new Set(dropped))
    const directory = new Uint8Array(extension.bitmap_directory_size)
    directory.set(kept)
    await storage.write(extension.bitmap_directory_offset, directory)
    const fields = { ...extension, nb_bitmaps: bitmaps.length - dropped.length, bitmap_directory_size: kept.length }
    const { start } = await findBitmapsExtension(image)
    await storage.write(start + EXTENSION_HEAD.size, BITMAPS_EXTENSION.encode(fields))
    await storage.flush()
    await writeHeaderFields(storage, { autoclear_features: header.autoclear_features })
    await storage.flush()
  }
  return dropped.map((name) => printable(name))
}

/** Flushes. */
export async function removeBitmapsExtension(image: CheckedImage): Promise<void> {
  const { start, end, listEnd, list, listStart } = await findBitmapsExtension(image)
  const behind = list.subarray(end - listStart)
  const bytes = new Uint8Array(listEnd - start)
  bytes.set(behind)
  await image.storage.write(start, bytes)
  await image.storage.flush()
}

interface ExtensionPlace {
  /** Host offsets of the extension, and of the list of all extensions with its end marker. */
  readonly start: number
  readonly end: number
  readonly listStart: number
  readonly listEnd: number
  readonly list: Uint8Array
}

/** The list has been read before, so it is known to be sound and to have bitmaps. */
async function findBitmapsExtension({ storage, header, geometry }: CheckedImage): Promise<ExtensionPlace> {
  const { header_length: listStart, backing_file_offset: nameOffset } = header
  const area = new Uint8Array((nameOffset === 0 ? geometry.clusterSize : nameOffset) - listStart)
  await storage.read(listStart, area)
  let start = listStart
  let end = listStart
  let at = 0
  while (at + EXTENSION_HEAD.size <= area.length) {
    const { type, length } = EXTENSION_HEAD.decode(area.subarray(at), { path: storage.name, offset: listStart + at })
    const next = at + EXTENSION_HEAD.size + (type === EXTENSION.end ? 0 : roundUp(length, 8))
    if (type === EXTENSION.bitmaps) {
      start = listStart + at
      end = listStart + next
    }
    at = next
    if (type === EXTENSION.end) break
  }
  return { start, end, listStart, listEnd: listStart + at, list: area.subarray(0, at) }
}

/** The directory without the entries that are dropped. */
async function keptEntries(image: CheckedImage, dropped: ReadonlySet<string>): Promise<Uint8Array> {
  const { storage, extensions } = image
  const offset = extensions.bitmaps?.bitmap_directory_offset ?? 0
  const directory = new Uint8Array(extensions.bitmaps?.bitmap_directory_size ?? 0)
  await storage.read(offset, directory)
  const kept: Uint8Array[] = []
  for (let at = 0; at < directory.length;) {
    const fields = BITMAP_ENTRY.decode(directory.subarray(at), { path: storage.name, offset: offset + at })
    const nameStart = at + BITMAP_ENTRY.size + fields.extra_data_size
    const name = new TextDecoder().decode(directory.subarray(nameStart, nameStart + fields.name_size))
    const next = roundUp(nameStart + fields.name_size, 8)
    if (!dropped.has(name)) kept.push(directory.subarray(at, next))
    at = next
  }
  return Buffer.concat(kept)
}
