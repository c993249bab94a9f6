// Where the structures of the VHDX images are that the builder makes, and one whose log is to be replayed.

import {
  DATA_DESCRIPTOR,
  FILE_PARAMETERS,
  HEADER,
  HEADER_OFFSETS,
  LOG_ENTRY,
  METADATA_ENTRY,
  METADATA_TABLE,
  REGION_ENTRY,
  REGION_TABLE,
  REGION_TABLE_OFFSETS,
  VIRTUAL_DISK_SIZE,
  ZERO_DESCRIPTOR,
} from '../../core/formats/vhdx/layout.ts'
import { KiB } from '../../core/model/units.ts'
import { BAT, ITEM_AT, LOG, METADATA, putLog, vhdxOf } from '../helpers/vhdx-bytes.ts'
import { entriesOf, placesOf } from './victim.ts'
import type { Place } from './victim.ts'

export function vhdxPlaces(): readonly Place[] {
  const firstItem = METADATA + METADATA_TABLE.size
  return [
    ...HEADER_OFFSETS.flatMap((offset) => placesOf(HEADER, offset)),
    ...REGION_TABLE_OFFSETS.flatMap((offset) => [
      ...placesOf(REGION_TABLE, offset),
      ...placesOf(REGION_ENTRY, offset + REGION_TABLE.size),
      ...placesOf(REGION_ENTRY, offset + REGION_TABLE.size + REGION_ENTRY.size),
    ]),
    ...placesOf(METADATA_TABLE, METADATA),
    ...[0, 1, 2, 3, 4].flatMap((index) => placesOf(METADATA_ENTRY, firstItem + index * METADATA_ENTRY.size)),
    ...placesOf(FILE_PARAMETERS, ITEM_AT.blockSize),
    ...placesOf(VIRTUAL_DISK_SIZE, ITEM_AT.virtualSize),
    { name: 'logical sector size', offset: ITEM_AT.logicalSector, size: 4 },
    { name: 'physical sector size', offset: ITEM_AT.physicalSector, size: 4 },
    ...entriesOf('bat', BAT, 8, 5),
    ...placesOf(LOG_ENTRY, LOG),
    ...placesOf(DATA_DESCRIPTOR, LOG + LOG_ENTRY.size),
    ...placesOf(ZERO_DESCRIPTOR, LOG + LOG_ENTRY.size + 32),
  ]
}

/** Some of its data and its zeros are in the log only. */
export async function withLog(): Promise<Uint8Array> {
  const storage = await vhdxOf('a.b.')
  const records = [
    { offset: BigInt(BAT + 4 * KiB), bytes: new Uint8Array(4 * KiB) },
    { offset: BigInt(BAT + 8 * KiB), length: BigInt(8 * KiB) },
  ]
  await putLog(storage, [{ sequence: 5n, at: 0, tail: 0, records }])
  return storage.bytes()
}
