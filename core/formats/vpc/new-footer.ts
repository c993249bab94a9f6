// The footer and header of a new image.

import type { Design } from './options.ts'
import {
  DISK_TYPE,
  DYNAMIC_HEADER,
  EPOCH,
  FEATURES,
  FOOTER_COOKIE,
  FORMAT_VERSION,
  HEADER_COOKIE,
  NOWHERE,
  SECTOR,
} from './layout.ts'
import type { DynamicHeaderFields, FooterFields } from './layout.ts'
import { checksumOf } from './footer.ts'

/** Ours: none of the names by which readers know that only the geometry counts. */
const CREATOR = 'spdl'
const CREATOR_VERSION = 0x0001_0000
/** “Wi2k”: the specification knows Windows and the Macintosh, and nothing else. */
const CREATOR_HOST = 'Wi2k'

export function newFooter({ subformat, virtualSize, geometry }: Design): FooterFields {
  const fixed = subformat === 'fixed'
  return {
    cookie: FOOTER_COOKIE,
    features: FEATURES,
    version: FORMAT_VERSION,
    data_offset: fixed ? NOWHERE : BigInt(SECTOR),
    timestamp: Math.max(0, Math.floor(Date.now() / 1000) - EPOCH),
    creator_application: Buffer.from(CREATOR),
    creator_version: CREATOR_VERSION,
    creator_host: Buffer.from(CREATOR_HOST),
    original_size: virtualSize,
    current_size: virtualSize,
    cylinders: geometry.cylinders,
    heads: geometry.heads,
    sectors_per_track: geometry.sectorsPerTrack,
    disk_type: fixed ? DISK_TYPE.fixed : DISK_TYPE.dynamic,
    checksum: 0,
    unique_id: Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex'),
    saved_state: 0,
  }
}

export function newDynamicHeader(table: {
  readonly offset: number
  readonly entries: number
  readonly blockSize: number
}): Uint8Array<ArrayBuffer> {
  return encodeDynamicHeader({
    cookie: HEADER_COOKIE,
    data_offset: NOWHERE,
    table_offset: table.offset,
    version: FORMAT_VERSION,
    max_table_entries: table.entries,
    block_size: table.blockSize,
    checksum: 0,
    parent_unique_id: new Uint8Array(16),
    parent_timestamp: 0,
    parent_name: new Uint8Array(512),
  })
}

function encodeDynamicHeader(fields: DynamicHeaderFields): Uint8Array<ArrayBuffer> {
  const place = DYNAMIC_HEADER.fields.checksum.offset
  return DYNAMIC_HEADER.encode({ ...fields, checksum: checksumOf(DYNAMIC_HEADER.encode(fields), place) })
}
