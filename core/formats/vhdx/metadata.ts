// The metadata of a file: what the disk is like. None of it has a checksum, so every value is held against its rules.

import { SpindleError } from '../../model/error.ts'
import { formatSize, isPowerOfTwo } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { notValid } from './damage.ts'
import { entryCount, geometryOf } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import {
  BAT_ENTRY_SIZE,
  FILE_PARAMETERS,
  ITEM,
  MAX_BLOCK_SIZE,
  MAX_METADATA_ITEMS,
  MAX_VIRTUAL_SIZE,
  METADATA_ENTRY,
  METADATA_FLAG,
  METADATA_SIGNATURE,
  METADATA_TABLE,
  METADATA_TABLE_SIZE,
  MIN_BLOCK_SIZE,
  SECTOR_SIZE,
  VIRTUAL_DISK_SIZE,
} from './layout.ts'
import { readLocator } from './parent-locator.ts'
import type { Locator } from './parent-locator.ts'
import type { Region, Regions } from './regions.ts'

export interface Metadata {
  readonly geometry: Geometry
  readonly physicalSectorSize: number
  /** Where in the file the virtual size is. */
  readonly virtualSizeOffset: number
  readonly locator?: Locator
}

interface Item {
  /** In the file. */
  readonly offset: number
  readonly length: number
}

type Items = ReadonlyMap<string, Item>

const KNOWN = new Set<string>(Object.values(ITEM))
/** Of a parent locator: far more than its few names take. */
const MAX_LOCATOR = 1024 * 1024

/** Throws `invalid-image` for values that break the format's rules, `unsupported` for what must be understood and is not. */
export async function readMetadata(storage: Storage, regions: Regions): Promise<Metadata> {
  const { metadata: region, bat } = regions
  const { name } = storage
  const items = await readItems(storage, region)
  const size = itemOf(items, ITEM.virtualDiskSize, VIRTUAL_DISK_SIZE.size, storage, region)
  const { block_size, flags } = await decodeItem(storage, region, items, ITEM.fileParameters, FILE_PARAMETERS)
  const { size: virtualSize } = await decodeItem(storage, region, items, ITEM.virtualDiskSize, VIRTUAL_DISK_SIZE)
  const logical = await decodeItem(storage, region, items, ITEM.logicalSectorSize, SECTOR_SIZE)
  const physical = await decodeItem(storage, region, items, ITEM.physicalSectorSize, SECTOR_SIZE)
  const refuse = (what: string): never => {
    throw notValid(name, what, region.offset)
  }
  if (!isPowerOfTwo(block_size) || block_size < MIN_BLOCK_SIZE || block_size > MAX_BLOCK_SIZE)
    refuse(`its block size is ${block_size}, and it must be a power of two between 1 MiB and 256 MiB`)
  if (logical.size !== 512 && logical.size !== 4096)
    refuse(`its sectors have ${logical.size} bytes, and they can have 512 or 4096`)
  if (virtualSize > MAX_VIRTUAL_SIZE)
    refuse(`its disk would be ${formatSize(virtualSize)} large, and it can be ${formatSize(MAX_VIRTUAL_SIZE)} at most`)
  if (virtualSize % logical.size !== 0)
    refuse(`its disk is ${virtualSize} bytes large, which is no whole number of sectors of ${logical.size} bytes`)
  const geometry = geometryOf({ virtualSize, blockSize: block_size, sectorSize: logical.size, flags })
  const tableBytes = entryCount(geometry) * BAT_ENTRY_SIZE
  if (tableBytes > bat.length)
    throw notValid(name, `its table of blocks needs ${tableBytes} bytes and has room for ${bat.length}`, bat.offset)
  return {
    geometry,
    physicalSectorSize: physical.size,
    virtualSizeOffset: size.offset,
    ...(geometry.hasParent && { locator: await locatorOf(storage, region, items) }),
  }
}

async function locatorOf(storage: Storage, region: Region, items: Items): Promise<Locator> {
  const item = itemOf(items, ITEM.parentLocator, 0, storage, region)
  if (item.length > MAX_LOCATOR)
    throw notValid(storage.name, `what it says of its parent takes ${item.length} bytes`, item.offset)
  const bytes = new Uint8Array(item.length)
  await readPadded(storage, item.offset, bytes)
  return readLocator(bytes, { path: storage.name, offset: item.offset })
}

async function readItems(storage: Storage, region: Region): Promise<Items> {
  const { name: path } = storage
  const bytes = new Uint8Array(METADATA_TABLE_SIZE)
  await readPadded(storage, region.offset, bytes)
  const { signature, entry_count } = METADATA_TABLE.decode(bytes, { path, offset: region.offset })
  if (signature !== METADATA_SIGNATURE)
    throw notValid(path, 'its metadata does not begin with “metadata”', region.offset)
  if (entry_count > MAX_METADATA_ITEMS)
    throw notValid(path, `its metadata claims ${entry_count} items, and ${MAX_METADATA_ITEMS} fit`, region.offset)
  const items = new Map<string, Item>()
  for (let index = 0; index < entry_count; index += 1) {
    const at = METADATA_TABLE.size + index * METADATA_ENTRY.size
    const place = { path, offset: region.offset + at }
    const { guid, offset, length, flags } = METADATA_ENTRY.decode(bytes.subarray(at), place)
    if (!KNOWN.has(guid) || (flags & METADATA_FLAG.user) !== 0) {
      if ((flags & METADATA_FLAG.required) === 0) continue
      throw new SpindleError(
        'unsupported',
        `${path} has metadata of a kind that Spindle does not know (${guid}) and that must be understood. Nothing was changed.`,
        place,
      )
    }
    if (items.has(guid)) throw notValid(path, `its metadata has the item ${guid} twice`, place.offset)
    if (offset < METADATA_TABLE_SIZE || offset + length > region.length)
      throw notValid(
        path,
        `its metadata item ${guid} of ${length} bytes would be at ${offset} in a region of ${region.length} bytes`,
        place.offset,
      )
    items.set(guid, { offset: region.offset + offset, length })
  }
  return items
}

function itemOf(items: Items, guid: string, least: number, storage: Storage, region: Region): Item {
  const item = items.get(guid)
  if (!item) throw notValid(storage.name, `its metadata lacks the item ${guid}`, region.offset)
  if (item.length >= least) return item
  throw notValid(
    storage.name,
    `its metadata item ${guid} has ${item.length} bytes where ${least} are needed`,
    item.offset,
  )
}

async function decodeItem<T>(
  storage: Storage,
  region: Region,
  items: Items,
  guid: string,
  structure: { readonly size: number; decode(bytes: Uint8Array, place: { path: string; offset: number }): T },
): Promise<T> {
  const { offset } = itemOf(items, guid, structure.size, storage, region)
  const bytes = new Uint8Array(structure.size)
  await readPadded(storage, offset, bytes)
  return structure.decode(bytes, { path: storage.name, offset })
}
