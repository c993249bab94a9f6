// What stands at the head of a new image, as bytes: who made it, its headers, its regions and its metadata.

import { KiB } from '../../model/units.ts'
import { NO_GUID, newGuid } from '../../bytes/guid.ts'
import { encodeHeader } from './headers.ts'
import {
  BAT_REGION,
  FILE_IDENTIFIER_SIZE,
  FILE_PARAMETERS,
  FILE_SIGNATURE,
  HEADER_SIGNATURE,
  HEADER_VERSION,
  ITEM,
  METADATA_ENTRY,
  METADATA_FLAG,
  METADATA_REGION,
  METADATA_SIGNATURE,
  METADATA_TABLE,
  METADATA_TABLE_SIZE,
  SECTOR_SIZE,
  VIRTUAL_DISK_ID,
  VIRTUAL_DISK_SIZE,
} from './layout.ts'
import type { Design } from './options.ts'
import { encodeRegions } from './regions.ts'

const CREATOR = 'Spindle'
/** What today’s disks have, whatever sectors they show. */
const PHYSICAL_SECTOR = 4 * KiB
const DISK_ITEM = METADATA_FLAG.virtualDisk | METADATA_FLAG.required

export function encodeFileIdentifier(): Uint8Array {
  const bytes = new Uint8Array(FILE_IDENTIFIER_SIZE)
  bytes.set(new TextEncoder().encode(FILE_SIGNATURE))
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < CREATOR.length; index += 1)
    view.setUint16(FILE_SIGNATURE.length + 2 * index, CREATOR.charCodeAt(index), true)
  return bytes
}

/** Both headers, the one to be written first coming first. */
export function encodeNewHeaders({ log }: Design): readonly [Uint8Array, Uint8Array] {
  const values = {
    signature: HEADER_SIGNATURE,
    checksum: 0,
    file_write_guid: newGuid(),
    data_write_guid: newGuid(),
    log_guid: NO_GUID,
    log_version: 0,
    version: HEADER_VERSION,
    log_length: log.length,
    log_offset: log.offset,
  }
  return [encodeHeader({ ...values, sequence_number: 1n }), encodeHeader({ ...values, sequence_number: 2n })]
}

export function encodeNewRegions({ bat, metadata }: Design): Uint8Array {
  return encodeRegions([
    { guid: BAT_REGION, ...bat, required: true },
    { guid: METADATA_REGION, ...metadata, required: true },
  ])
}

/** The start of the metadata region: its table, and the items behind that. */
export function encodeNewMetadata({ geometry, flags }: Design): Uint8Array {
  const { blockSize, virtualSize, sectorSize } = geometry
  const items = [
    {
      guid: ITEM.fileParameters,
      flags: METADATA_FLAG.required,
      bytes: FILE_PARAMETERS.encode({ block_size: blockSize, flags }),
    },
    { guid: ITEM.virtualDiskSize, flags: DISK_ITEM, bytes: VIRTUAL_DISK_SIZE.encode({ size: virtualSize }) },
    { guid: ITEM.virtualDiskId, flags: DISK_ITEM, bytes: VIRTUAL_DISK_ID.encode({ id: newGuid() }) },
    { guid: ITEM.logicalSectorSize, flags: DISK_ITEM, bytes: SECTOR_SIZE.encode({ size: sectorSize }) },
    { guid: ITEM.physicalSectorSize, flags: DISK_ITEM, bytes: SECTOR_SIZE.encode({ size: PHYSICAL_SECTOR }) },
  ]
  const bytes = new Uint8Array(METADATA_TABLE_SIZE + 4 * KiB)
  bytes.set(METADATA_TABLE.encode({ signature: METADATA_SIGNATURE, entry_count: items.length }))
  let offset = METADATA_TABLE_SIZE
  for (const [index, item] of items.entries()) {
    const { length } = item.bytes
    const entry = METADATA_ENTRY.encode({ guid: item.guid, offset, length, flags: item.flags })
    bytes.set(entry, METADATA_TABLE.size + index * METADATA_ENTRY.size)
    bytes.set(item.bytes, offset)
    offset += length
  }
  return bytes
}
