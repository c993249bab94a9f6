// Reading and checking the header, and making a new one.

import { notValid } from '../../image/damage.ts'
import { SpindleError } from '../../model/error.ts'
import { formatSize, isPowerOfTwo, roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  ENTRY_SIZE,
  FULL_HEADER,
  HEADER,
  MAX_BLOCKS,
  MAX_BLOCK_SIZE,
  MIN_BLOCK_SIZE,
  PREHEADER_SIZE,
  SECTOR,
  SHORTEST_HEADER,
  SIGNATURE,
  TYPE,
  VERSION,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'
import { NO_UUID, isNoUuid, newUuid } from './uuid.ts'

type FieldName = keyof HeaderFields

export interface Opened {
  readonly header: HeaderFields
  /** Of the file, in bytes. */
  readonly size: number
}

/** Throws `invalid-image` or `unsupported` for a header no disk can be read by. */
export async function openHeader(storage: Storage): Promise<Opened> {
  const size = await storage.size()
  const bytes = new Uint8Array(HEADER.size)
  const length = await storage.read(0, bytes)
  const path = storage.name
  if (length < PREHEADER_SIZE + SHORTEST_HEADER)
    throw notValid(path, 'VDI', `the file ends after ${length} bytes, inside the header`, length)
  const header = HEADER.decode(bytes, { path, offset: 0 })
  checkKind(header, path)
  checkSizes(header, path)
  checkPlaces(header, size, path)
  return { header, size }
}

/** Bytes of the disk: some were made in other sizes, but guests see whole sectors. */
export function virtualSizeOf({ disk_size }: HeaderFields): number {
  return roundUp(disk_size, SECTOR)
}

/** Whether what the image does not have is to be looked for in another. */
export function hasParent({ image_type, uuid_link }: HeaderFields): boolean {
  return image_type === TYPE.differencing || !isNoUuid(uuid_link)
}

/** Writing a block would change the tables by which it is found. */
export function dataOverlapsTables({ offset_bmap, offset_data, blocks_in_image }: HeaderFields): boolean {
  return offset_data < offset_bmap + blocks_in_image * ENTRY_SIZE
}

export interface NewHeader {
  readonly fixed: boolean
  readonly virtualSize: number
  readonly blockSize: number
  readonly blocks: number
  readonly allocated: number
  readonly mapOffset: number
  readonly dataOffset: number
}

export function newHeader(facts: NewHeader): Uint8Array {
  const text = new Uint8Array(64)
  text.set(new TextEncoder().encode('<<< Oracle VM VirtualBox Disk Image >>>\n'))
  return HEADER.encode({
    text,
    signature: SIGNATURE,
    version: VERSION,
    header_size: FULL_HEADER,
    image_type: facts.fixed ? TYPE.fixed : TYPE.dynamic,
    image_flags: 0,
    offset_bmap: facts.mapOffset,
    offset_data: facts.dataOffset,
    // VirtualBox works the geometry out when it first opens the disk.
    cylinders: 0,
    heads: 0,
    sectors: 0,
    sector_size: SECTOR,
    disk_size: facts.virtualSize,
    block_size: facts.blockSize,
    block_extra: 0,
    blocks_in_image: facts.blocks,
    blocks_allocated: facts.allocated,
    uuid_image: newUuid(),
    uuid_last_snap: newUuid(),
    uuid_link: NO_UUID,
    uuid_parent: NO_UUID,
    bios_cylinders: 0,
    bios_heads: 0,
    bios_sectors: 0,
    bios_sector_size: SECTOR,
  })
}

/** From the first to the last of these fields, in one piece that lies in one sector. Durable only after a flush. */
export async function writeHeader(storage: Storage, header: HeaderFields): Promise<void> {
  const whole = HEADER.encode(header)
  const { uuid_parent, bios_sector_size } = HEADER.fields
  const last = header.header_size >= FULL_HEADER ? bios_sector_size : uuid_parent
  const start = HEADER.fields.offset_bmap.offset
  await storage.write(start, whole.subarray(start, last.offset + last.size))
}

function checkKind(header: HeaderFields, path: string): void {
  const { signature, version, header_size, image_type } = header
  if (signature !== SIGNATURE) throw refused(path, 'signature', 'its signature is missing')
  if (version < 0x1_0000)
    throw new SpindleError(
      'unsupported',
      `${path} is a VDI image of version 0, as VirtualBox made them before 2006, which Spindle cannot read. Nothing was changed. VirtualBox itself can convert it.`,
      { path },
    )
  if (version !== VERSION)
    throw new SpindleError(
      'unsupported',
      `${path} is a VDI image of version ${Math.floor(version / 0x1_0000)}.${version % 0x1_0000}, and Spindle knows version 1.1. Nothing was changed.`,
      { path },
    )
  if (header_size < SHORTEST_HEADER)
    throw refused(path, 'header_size', `its header of ${header_size} bytes has no room for all that belongs there`)
  if (image_type === TYPE.undo)
    throw new SpindleError(
      'unsupported',
      `${path} is a VDI undo image, which holds no disk of its own and which Spindle cannot read. Nothing was changed.`,
      { path },
    )
  if (image_type < TYPE.dynamic || image_type > TYPE.differencing)
    throw refused(path, 'image_type', `it is of type ${image_type}, which there is not`)
  if (image_type === TYPE.differencing && isNoUuid(header.uuid_link))
    throw refused(path, 'uuid_link', 'it holds only what differs from another image, and does not say from which')
}

function checkSizes(header: HeaderFields, path: string): void {
  const { block_size, block_extra, blocks_in_image, disk_size, sector_size } = header
  if (sector_size !== SECTOR)
    throw refused(path, 'sector_size', `its sectors are ${sector_size} bytes long, and only ${SECTOR} can be`)
  if (!isPowerOfTwo(block_size) || block_size < MIN_BLOCK_SIZE || block_size > MAX_BLOCK_SIZE)
    throw refused(
      path,
      'block_size',
      `its blocks are ${block_size} bytes long, which is no power of two from ${formatSize(MIN_BLOCK_SIZE)} to ${formatSize(MAX_BLOCK_SIZE)}`,
    )
  if (block_extra % SECTOR !== 0 || block_extra > block_size)
    throw refused(path, 'block_extra', `${block_extra} bytes stand in front of each block, where none should`)
  if (blocks_in_image > MAX_BLOCKS)
    throw refused(path, 'blocks_in_image', `it would have ${blocks_in_image} blocks, and ${MAX_BLOCKS} are the most`)
  if (disk_size > blocks_in_image * block_size)
    throw refused(
      path,
      'disk_size',
      `its disk of ${disk_size} bytes does not fit in its ${blocks_in_image} blocks of ${formatSize(block_size)}`,
    )
}

function checkPlaces(
  { header_size, offset_bmap, offset_data, blocks_in_image }: HeaderFields,
  size: number,
  path: string,
) {
  if (offset_bmap % SECTOR !== 0 || offset_bmap < Math.min(SECTOR, PREHEADER_SIZE + header_size))
    throw refused(path, 'offset_bmap', `its block map is at offset ${offset_bmap}, where it cannot be`)
  if (offset_data % SECTOR !== 0)
    throw refused(path, 'offset_data', `its data is at offset ${offset_data}, which is no sector boundary`)
  const end = offset_bmap + blocks_in_image * ENTRY_SIZE
  if (end > size)
    throw refused(
      path,
      'offset_bmap',
      `its block map would end at offset ${end}, past the end of the file at ${size}; the file may have been cut off`,
    )
}

function refused(path: string, field: FieldName, what: string): SpindleError {
  return notValid(path, 'VDI', what, HEADER.fields[field].offset)
}
