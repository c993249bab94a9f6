// The region table, of which there are two copies: where the table of blocks and the metadata are.

import { crc32c } from '../../bytes/crc32c.ts'
import { SpindleError } from '../../model/error.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { notValid } from './damage.ts'
import {
  ALIGNMENT,
  BAT_REGION,
  MAX_REGIONS,
  METADATA_REGION,
  REGION_ENTRY,
  REGION_SIGNATURE,
  REGION_TABLE,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'

const CHECKSUM_AT = REGION_TABLE.fields.checksum.offset

/** Bytes. */
export interface Region {
  readonly guid: string
  readonly offset: number
  readonly length: number
  readonly required: boolean
}

export interface Regions {
  readonly bat: Region
  readonly metadata: Region
  readonly all: readonly Region[]
}

/** The bytes of a copy of the table, when they are intact. */
export async function readRegionCopy(storage: Storage, offset: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(REGION_TABLE_SIZE)
  await readPadded(storage, offset, bytes)
  const view = new DataView(bytes.buffer)
  const checksum = view.getUint32(CHECKSUM_AT, true)
  view.setUint32(CHECKSUM_AT, 0, true)
  const isIntact = view.getUint32(0, true) === REGION_SIGNATURE && crc32c(bytes) === checksum
  view.setUint32(CHECKSUM_AT, checksum, true)
  return isIntact ? bytes : undefined
}

/** Throws `invalid-image` when both copies are damaged or the regions cannot be where the table says. */
export async function readRegions(storage: Storage, header: HeaderFields): Promise<Regions> {
  const [first, second] = REGION_TABLE_OFFSETS
  const bytes = (await readRegionCopy(storage, first)) ?? (await readRegionCopy(storage, second))
  if (!bytes) throw notValid(storage.name, 'both copies of its region table are damaged', first)
  const all = decodeRegions(bytes, storage.name)
  checkPlaces(all, header, await storage.size(), storage.name)
  return { bat: find(all, BAT_REGION, storage.name), metadata: find(all, METADATA_REGION, storage.name), all }
}

export function encodeRegions(regions: readonly Region[]): Uint8Array {
  const bytes = new Uint8Array(REGION_TABLE_SIZE)
  const head = { signature: REGION_SIGNATURE, checksum: 0, entry_count: regions.length, reserved: 0 }
  bytes.set(REGION_TABLE.encode(head))
  for (const [index, { guid, offset, length, required }] of regions.entries())
    bytes.set(REGION_ENTRY.encode({ guid, offset, length, required: required ? 1 : 0 }), placeOf(index))
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, crc32c(bytes), true)
  return bytes
}

function placeOf(index: number): number {
  return REGION_TABLE.size + index * REGION_ENTRY.size
}

function decodeRegions(bytes: Uint8Array, path: string): readonly Region[] {
  const [offset] = REGION_TABLE_OFFSETS
  const { entry_count } = REGION_TABLE.decode(bytes, { path, offset })
  if (entry_count > MAX_REGIONS)
    throw notValid(path, `its region table claims ${entry_count} entries, and ${MAX_REGIONS} fit`, offset)
  return Array.from({ length: entry_count }, (_, index) => {
    const entry = REGION_ENTRY.decode(bytes.subarray(placeOf(index)), { path, offset: offset + placeOf(index) })
    return { ...entry, required: (entry.required & 1) === 1 }
  })
}

function checkPlaces(regions: readonly Region[], header: HeaderFields, fileSize: number, path: string): void {
  const refuse = (what: string): never => {
    throw notValid(path, what, REGION_TABLE_OFFSETS[0])
  }
  const guids = new Set<string>()
  for (const { guid, offset, length, required } of regions) {
    if (required && guid !== BAT_REGION && guid !== METADATA_REGION)
      throw new SpindleError(
        'unsupported',
        `${path} has a region of a kind that Spindle does not know (${guid}) and that must be understood. Nothing was changed.`,
        { path, offset: REGION_TABLE_OFFSETS[0] },
      )
    if (guids.has(guid)) refuse(`its region table names the region ${guid} twice`)
    guids.add(guid)
    if (offset < ALIGNMENT || offset % ALIGNMENT !== 0 || length === 0 || length % ALIGNMENT !== 0)
      refuse(`the region ${guid} of ${length} bytes at offset ${offset} is not in whole MiB behind the headers`)
    if (offset + length > fileSize)
      refuse(`the region ${guid} would end at ${offset + length}, past the end of the file at ${fileSize}`)
  }
  const log = { guid: 'of the log', offset: header.log_offset, length: header.log_length }
  const sorted = [log, ...regions].toSorted((left, right) => left.offset - right.offset)
  for (const [index, region] of sorted.entries()) {
    const next = sorted[index + 1]
    if (next && next.offset < region.offset + region.length)
      refuse(`the regions ${region.guid} and ${next.guid} overlap at offset ${next.offset}`)
  }
}

function find(regions: readonly Region[], guid: string, path: string): Region {
  const region = regions.find((one) => one.guid === guid)
  if (region) return region
  const what = guid === BAT_REGION ? 'its table of blocks' : 'its metadata'
  throw notValid(path, `its region table does not say where ${what} is`, REGION_TABLE_OFFSETS[0])
}
