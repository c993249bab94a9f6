// Changing what footers and header say of an image there is.

import type { Storage } from '../../storage/storage.ts'
import { checksumOf, encodeFooter } from './footer.ts'
import { exactGeometry } from './geometry.ts'
import { DYNAMIC_HEADER, SECTOR } from './layout.ts'
import type { FooterFields } from './layout.ts'
import type { Blocks } from './open.ts'

/** The same image with a disk of another size. */
export function resizedFooter(footer: FooterFields, virtualSize: number): FooterFields {
  const { cylinders, heads, sectorsPerTrack } = exactGeometry(virtualSize)
  return { ...footer, current_size: virtualSize, cylinders, heads, sectors_per_track: sectorsPerTrack }
}

/** Both of a dynamic image: the one at `end`, behind which the file ends, and its copy. Durable when this returns. */
export async function writeFooters(storage: Storage, footer: FooterFields, end: number): Promise<void> {
  await endWith(storage, footer, end)
  await storage.flush()
  await storage.write(0, encodeFooter(footer))
  await storage.flush()
}

/** Makes the file end at `end` with this footer. */
export async function endWith(storage: Storage, footer: FooterFields, end: number): Promise<void> {
  const bytes = encodeFooter(footer)
  const size = await storage.size()
  await storage.write(end, bytes)
  if (size <= end + SECTOR) return
  // While the change can be taken back the file keeps its length, and no other footer must be found at its end.
  await storage.write(size - SECTOR, bytes)
  await storage.truncate(end + SECTOR)
}

/** The header as it is, but for the place and length of the table; locators of a parent stay. */
export function headerWithTable(blocks: Blocks, tableOffset: number, tableEntries: number): Uint8Array {
  const bytes = blocks.headerBytes.slice()
  const view = new DataView(bytes.buffer)
  const { table_offset, max_table_entries, checksum } = DYNAMIC_HEADER.fields
  table_offset.set(view, tableOffset, false)
  max_table_entries.set(view, tableEntries, false)
  checksum.set(view, checksumOf(bytes, checksum.offset), false)
  return bytes
}
