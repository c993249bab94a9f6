// Where the structures of a sound qcow2 image are, as far as its header says.

import {
  BITMAPS_EXTENSION,
  BITMAP_ENTRY,
  ENCRYPTION_POINTER,
  EXTENSION,
  EXTENSION_HEAD,
  HEADER,
  SNAPSHOT_ENTRY,
  SNAPSHOT_EXTRA,
} from '../../core/formats/qcow2/layout.ts'
import { entriesOf, placesOf } from './victim.ts'
import type { Place } from './victim.ts'

const LOW48 = 0x00ff_ffff_ffff_fe00n

export function qcow2Places(bytes: Uint8Array): readonly Place[] {
  const padded = new Uint8Array(Math.max(bytes.length, HEADER.size))
  padded.set(bytes)
  const view = new DataView(padded.buffer)
  const header = HEADER.decode(padded, { path: 'disk', offset: 0 })
  const low48 = (offset: number): number => Number(view.getBigUint64(offset) & LOW48)
  const places: Place[] = [...placesOf(HEADER, 0)]
  places.push(...entriesOf('l1', header.l1_table_offset, 8, header.l1_size))
  places.push(...entriesOf('l2', low48(header.l1_table_offset), 8, 512))
  places.push(...entriesOf('refcount table', header.refcount_table_offset, 8, 4))
  places.push(...entriesOf('refcounts', low48(header.refcount_table_offset), 2, 64))
  if (header.nb_snapshots > 0) {
    places.push(...placesOf(SNAPSHOT_ENTRY, header.snapshots_offset))
    places.push(...placesOf(SNAPSHOT_EXTRA, header.snapshots_offset + SNAPSHOT_ENTRY.size))
    const table = Number(view.getBigUint64(header.snapshots_offset))
    places.push(...entriesOf('l1 of a snapshot', table, 8, view.getUint32(header.snapshots_offset + 8)))
  }
  if (header.version >= 3) places.push(...extensionPlaces(view, header.header_length))
  return places
}

function extensionPlaces(view: DataView, start: number): readonly Place[] {
  const places: Place[] = []
  for (let at = start; at + 8 <= view.byteLength;) {
    places.push(...placesOf(EXTENSION_HEAD, at))
    const type = view.getUint32(at)
    const length = view.getUint32(at + 4)
    if (type === EXTENSION.end) break
    if (type === EXTENSION.encryption) places.push(...placesOf(ENCRYPTION_POINTER, at + 8))
    if (type === EXTENSION.bitmaps) {
      places.push(...placesOf(BITMAPS_EXTENSION, at + 8))
      const directory = Number(view.getBigUint64(at + 8 + BITMAPS_EXTENSION.fields.bitmap_directory_offset.offset))
      places.push(...placesOf(BITMAP_ENTRY, directory))
      places.push(...entriesOf('bitmap table', Number(view.getBigUint64(directory)), 8, 1))
    }
    at += 8 + 8 * Math.ceil(length / 8)
  }
  return places
}
