// The bitmaps an open image has at this moment, and putting others in their place.

import { SpindleError } from '../../model/error.ts'
import { formatSize } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Run } from './allocator.ts'
import { readBitmaps } from './bitmaps.ts'
import type { Bitmap } from './bitmaps.ts'
import { decodeExtensions, encodeExtensions, listExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, BITMAPS_EXTENSION, EXTENSION } from './layout.ts'
import type { BitmapsExtension } from './layout.ts'
import { roomOf } from './switch.ts'
import type { TreeWork } from './tree.ts'

export interface BitmapDirectory {
  readonly bitmaps: readonly Bitmap[]
  /** Where they are listed. */
  readonly room: readonly Run[]
}

/** Bitmaps that the header does not vouch for are none: someone has written to the disk who knew nothing of them. */
export async function readDirectory(file: ImageFile): Promise<BitmapDirectory> {
  const { header, storage, geometry } = file
  const { bitmaps: extension } = decodeExtensions(await extensionArea(file))
  if (!extension || (header.autoclear_features & AUTOCLEAR.bitmaps) === 0n) return { bitmaps: [], room: [] }
  return {
    bitmaps: await readBitmaps(storage, extension, geometry, await storage.size()),
    room: roomOf(file, extension.bitmap_directory_offset, extension.bitmap_directory_size),
  }
}

/** Throws `unsupported` when the first cluster has no room to say where bitmaps are. */
export async function checkHeaderRoom(file: ImageFile): Promise<void> {
  await newExtensions(file, EMPTY)
}

/** Makes these the bitmaps of the image, durably; their tables and bits are written. Returns the room of the old list. */
export async function switchBitmaps({ file, changes }: TreeWork, bitmaps: readonly Bitmap[]): Promise<readonly Run[]> {
  const { storage, header } = file
  const { room } = await readDirectory(file)
  const list = Buffer.concat(bitmaps.map(({ entry }) => entry))
  const extension = {
    nb_bitmaps: bitmaps.length,
    reserved: 0,
    bitmap_directory_size: list.length,
    bitmap_directory_offset: list.length === 0 ? 0 : await changes.place(list),
  }
  const vouching = header.autoclear_features | AUTOCLEAR.bitmaps
  // Until all is written the header vouches for none of them.
  await file.writeHeader({ autoclear_features: vouching & ~AUTOCLEAR.bitmaps })
  await storage.flush()
  await writeExtensions(file, bitmaps.length === 0 ? undefined : extension)
  await storage.flush()
  if (bitmaps.length > 0) {
    await file.writeHeader({ autoclear_features: vouching })
    await storage.flush()
  }
  return room
}

const EMPTY: BitmapsExtension = {
  nb_bitmaps: 0,
  reserved: 0,
  bitmap_directory_size: 0,
  bitmap_directory_offset: 0,
}

/** The extensions and, behind them, the backing file's name, which moves with their length. */
async function writeExtensions(file: ImageFile, bitmaps: BitmapsExtension | undefined): Promise<void> {
  const { header, storage } = file
  const { header_length: start, backing_file_offset: nameOffset, backing_file_size: nameLength } = header
  const extensions = await newExtensions(file, bitmaps)
  const name = new Uint8Array(nameOffset === 0 ? 0 : nameLength)
  await readPadded(storage, nameOffset, name)
  const oldEnd = nameOffset === 0 ? 0 : nameOffset + nameLength
  const area = new Uint8Array(Math.max(extensions.length + name.length, oldEnd - start))
  area.set(extensions)
  area.set(name, extensions.length)
  await storage.write(start, area)
  if (nameOffset !== 0) await file.writeHeader({ backing_file_offset: start + extensions.length })
}

async function newExtensions(file: ImageFile, bitmaps: BitmapsExtension | undefined): Promise<Uint8Array> {
  const { header, storage, geometry } = file
  const others = listExtensions(await extensionArea(file)).filter(({ type }) => type !== EXTENSION.bitmaps)
  const own: readonly Extension[] = bitmaps
    ? [{ type: EXTENSION.bitmaps, data: BITMAPS_EXTENSION.encode(bitmaps) }]
    : []
  const extensions = encodeExtensions([...others, ...own])
  const nameLength = header.backing_file_offset === 0 ? 0 : header.backing_file_size
  if (header.header_length + extensions.length + nameLength <= geometry.clusterSize) return extensions
  throw new SpindleError(
    'unsupported',
    `${storage.name} cannot have bitmaps: its first cluster of ${formatSize(geometry.clusterSize)} has no room left to say where they are. Nothing was changed. Convert it to an image with larger clusters.`,
    { path: storage.name },
  )
}

async function extensionArea({ header, storage, geometry }: ImageFile) {
  const { header_length: offset, backing_file_offset: nameOffset } = header
  const bytes = new Uint8Array((nameOffset === 0 ? geometry.clusterSize : nameOffset) - offset)
  await readPadded(storage, offset, bytes)
  return { bytes, offset, path: storage.name, clusterSize: geometry.clusterSize }
}
