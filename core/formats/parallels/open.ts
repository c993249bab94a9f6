// Opening: what the header says, held against the rules.

import { notValid, printable } from '../../image/damage.ts'
import type { SpindleError } from '../../model/error.ts'
import { formatSize, roundUp } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  ENTRY_SIZE,
  FORMAT_VERSION,
  HEADER,
  MAGIC,
  MAGIC_LENGTH,
  MAX_CLUSTER_SIZE,
  MAX_TABLE_BYTES,
  SECTOR,
} from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** All sizes and offsets in bytes. */
export interface Opened {
  readonly header: HeaderFields
  readonly virtualSize: number
  readonly clusterSize: number
  readonly entries: number
  /** What one step of a table entry stands for. */
  readonly unit: number
  /** No cluster lies before. */
  readonly dataStart: number
  /** Length of the file. */
  readonly size: number
}

/** Throws `invalid-image`. Closes nothing. */
export async function openHeader(storage: Storage): Promise<Opened> {
  const path = storage.name
  const size = await storage.size()
  const bytes = new Uint8Array(Math.min(HEADER.size, size))
  await storage.read(0, bytes)
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC_LENGTH))
  if (magic !== MAGIC.old && magic !== MAGIC.extended)
    throw notValid(path, 'Parallels', `it begins with “${printable(magic)}”`, 0)
  const header = HEADER.decode(bytes, { path, offset: 0 })
  const isOld = magic === MAGIC.old
  // The old one has 32 bits for them, and anything in the others.
  const virtualSize = (isOld ? header.sectors % 2 ** 32 : header.sectors) * SECTOR
  const clusterSize = header.tracks * SECTOR
  checkHeader(header, { path, size, virtualSize, clusterSize })
  const tableEnd = HEADER.size + header.bat_entries * ENTRY_SIZE
  return {
    header,
    virtualSize,
    clusterSize,
    entries: header.bat_entries,
    unit: isOld ? SECTOR : clusterSize,
    dataStart: Math.max(header.data_offset * SECTOR, roundUp(tableEnd, SECTOR)),
    size,
  }
}

/** All entries; read as one, for the header bounds how many there are. */
export async function readTable(storage: Storage, { entries }: Opened): Promise<DataView> {
  const bytes = new Uint8Array(entries * ENTRY_SIZE)
  await readPadded(storage, HEADER.size, bytes)
  return new DataView(bytes.buffer)
}

/** Where a cluster is that has a place, in bytes. */
export function placeIn(table: DataView, { unit }: Opened, cluster: number): number {
  return table.getUint32(cluster * ENTRY_SIZE, true) * unit
}

/** Why no cluster can be there, as the end of a sentence. `needed` bytes of it must be in the file. */
export function problemOf({ dataStart, size }: Opened, place: number, needed: number): string | undefined {
  if (place < dataStart) return `lies over the tables, which end at ${dataStart}`
  return place + needed > size ? `runs past the end of the file at ${size}` : undefined
}

function checkHeader(
  header: HeaderFields,
  facts: { readonly path: string; readonly size: number; readonly virtualSize: number; readonly clusterSize: number },
): void {
  const { path, size, virtualSize, clusterSize } = facts
  const refuse = (field: keyof typeof HEADER.fields, what: string): SpindleError =>
    notValid(path, 'Parallels', what, HEADER.fields[field].offset)
  if (header.version !== FORMAT_VERSION)
    throw refuse('version', `its version is ${header.version}, and there is only version 2`)
  if (header.tracks === 0 || clusterSize > MAX_CLUSTER_SIZE)
    throw refuse(
      'tracks',
      `its clusters have ${header.tracks} sectors, where between 1 and ${MAX_CLUSTER_SIZE / SECTOR} belong`,
    )
  if (!Number.isSafeInteger(virtualSize))
    throw refuse('sectors', `it tells of a disk of ${header.sectors} sectors, more than any disk can have`)
  const tableBytes = header.bat_entries * ENTRY_SIZE
  if (tableBytes > MAX_TABLE_BYTES || HEADER.size + tableBytes > size)
    throw refuse(
      'bat_entries',
      `its table of ${header.bat_entries} entries does not fit into the file of ${formatSize(size)}`,
    )
  if (header.bat_entries * clusterSize < virtualSize)
    throw refuse(
      'bat_entries',
      `its table has ${header.bat_entries} clusters of ${formatSize(clusterSize)}, too few for a disk of ${virtualSize} bytes`,
    )
}
