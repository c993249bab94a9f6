// Opening: what footer and header say, held against the rules; and what keeps an image from being written.

import { notValid } from '../../image/damage.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { formatSize, isPowerOfTwo, roundUp } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { checksumOf, readFooters, uuidText, virtualSizeOf } from './footer.ts'
import { maxSizeOf } from './geometry.ts'
import type { Footers } from './footer.ts'
import {
  DISK_TYPE,
  DYNAMIC_HEADER,
  ENTRY_SIZE,
  FOOTER,
  HEADER_COOKIE,
  MAX_BLOCK_SIZE,
  MIN_BLOCK_SIZE,
  SECTOR,
} from './layout.ts'
import type { DynamicHeaderFields, FooterFields } from './layout.ts'
import { backingOf, readLocators } from './locators.ts'
import type { Located } from './locators.ts'

/** How a dynamic or differencing disk is cut into blocks. Sizes and offsets in bytes. */
export interface Blocks {
  readonly headerOffset: number
  /** As it is in the file. */
  readonly headerBytes: Uint8Array
  readonly isHeaderSound: boolean
  readonly tableOffset: number
  readonly tableEntries: number
  readonly blockSize: number
  /** In front of the data of each block: a bit for each of its sectors. */
  readonly bitmapSize: number
  /** Present where the bits say which sectors are here; otherwise all of a block are. */
  readonly backing?: BackingRef
  readonly locators: readonly Located[]
}

/** What is out of order, though it does not keep the disk from being read. */
export interface Fault {
  readonly code: 'footer' | 'footer-copy' | 'header' | 'saved-state'
  /** A clause about the image. */
  readonly what: string
}

export interface Opened {
  readonly footers: Footers
  readonly footer: FooterFields
  /** Bytes. */
  readonly virtualSize: number
  /** By it differencing disks know their parent. */
  readonly identity: string
  /** Length of the file in bytes. */
  readonly size: number
  /** Undefined for a fixed disk. */
  readonly blocks?: Blocks
  readonly faults: readonly Fault[]
}

/** Throws `invalid-image` or `unsupported`. Closes nothing. */
export async function openHeaders(storage: Storage): Promise<Opened> {
  const path = storage.name
  const size = await storage.size()
  const footers = await readFooters(storage)
  const { chosen, end } = footers
  const footer = chosen.fields
  const virtualSize = virtualSizeOf(footer)
  checkFooter(footer, chosen.offset, path)
  const opened = { footers, footer, virtualSize, identity: uuidText(footer.unique_id), size }
  if (footer.disk_type === DISK_TYPE.fixed) {
    if (virtualSize > end)
      throw notValid(
        path,
        'VHD',
        `its footer tells of a disk of ${virtualSize} bytes, and only ${end} lie before it`,
        chosen.offset + FOOTER.fields.current_size.offset,
      )
    return { ...opened, faults: faultsOf(footers, undefined) }
  }
  const blocks = await openBlocks(storage, footer, chosen.offset, { size, virtualSize })
  return { ...opened, blocks, faults: faultsOf(footers, blocks) }
}

/** Why an image with these faults is not written. */
export function unwritable(path: string, [fault]: readonly Fault[]): SpindleError | undefined {
  if (!fault) return undefined
  const wayOut =
    fault.code === 'saved-state'
      ? 'Start that machine and shut it down first.'
      : 'What is read from it holds as far as that goes. Check and repair it first.'
  return new SpindleError('invalid-image', `${path} is open for reading only: ${fault.what}. ${wayOut}`, { path })
}

function checkFooter(footer: FooterFields, offset: number, path: string): void {
  const refuse = (field: keyof typeof FOOTER.fields, what: string): SpindleError =>
    notValid(path, 'VHD', what, offset + FOOTER.fields[field].offset)
  if (footer.version >>> 16 !== 1)
    throw refuse('version', `its version is ${footer.version >>> 16}, and there is only version 1`)
  if (!Object.values(DISK_TYPE).some((type) => type === footer.disk_type))
    throw refuse(
      'disk_type',
      `its type is ${footer.disk_type}, where 2 (fixed), 3 (dynamic) or 4 (differencing) belongs`,
    )
  const limit = maxSizeOf(footer.disk_type === DISK_TYPE.fixed)
  if (virtualSizeOf(footer) > limit.bytes)
    throw refuse(
      'current_size',
      `it tells of a disk of ${virtualSizeOf(footer)} bytes, and such a VHD has ${limit.words} at most`,
    )
}

async function openBlocks(
  storage: Storage,
  footer: FooterFields,
  footerOffset: number,
  { size, virtualSize }: { readonly size: number; readonly virtualSize: number },
): Promise<Blocks> {
  const path = storage.name
  if (footer.data_offset > BigInt(size - DYNAMIC_HEADER.size) || footer.data_offset < BigInt(SECTOR))
    throw notValid(
      path,
      'VHD',
      `its footer names offset ${footer.data_offset} as the place of the header, which is not inside the file of ${size} bytes`,
      footerOffset + FOOTER.fields.data_offset.offset,
    )
  const headerOffset = Number(footer.data_offset)
  const headerBytes = new Uint8Array(DYNAMIC_HEADER.size)
  await readPadded(storage, headerOffset, headerBytes)
  const header = DYNAMIC_HEADER.decode(headerBytes, { path, offset: headerOffset })
  checkHeader(header, { path, headerOffset, size, virtualSize })
  const isDifferencing = footer.disk_type === DISK_TYPE.differencing
  const locators = isDifferencing ? await readLocators(storage, headerBytes, headerOffset) : []
  return {
    headerOffset,
    headerBytes,
    isHeaderSound: header.checksum === checksumOf(headerBytes, DYNAMIC_HEADER.fields.checksum.offset),
    tableOffset: header.table_offset,
    tableEntries: header.max_table_entries,
    blockSize: header.block_size,
    bitmapSize: bitmapSizeOf(header.block_size),
    ...(isDifferencing && { backing: backingOf(header, locators) }),
    locators,
  }
}

/** Whole sectors. */
export function bitmapSizeOf(blockSize: number): number {
  return roundUp(blockSize / SECTOR / 8, SECTOR)
}

function checkHeader(
  header: DynamicHeaderFields,
  facts: { readonly path: string; readonly headerOffset: number; readonly size: number; readonly virtualSize: number },
): void {
  const { path, headerOffset, size, virtualSize } = facts
  const refuse = (field: keyof typeof DYNAMIC_HEADER.fields, what: string): SpindleError =>
    notValid(path, 'VHD', what, headerOffset + DYNAMIC_HEADER.fields[field].offset)
  const { block_size: blockSize, max_table_entries: entries, table_offset: tableOffset } = header
  if (header.cookie !== HEADER_COOKIE)
    throw refuse('cookie', `its header at offset ${headerOffset} does not begin with “cxsparse”`)
  if (header.version >>> 16 !== 1)
    throw refuse('version', `the version of its header is ${header.version >>> 16}, and there is only version 1`)
  if (!isPowerOfTwo(blockSize) || blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE)
    throw refuse(
      'block_size',
      `block_size is ${blockSize}, where a power of two between ${formatSize(MIN_BLOCK_SIZE)} and ${formatSize(MAX_BLOCK_SIZE)} belongs`,
    )
  if (entries * blockSize < virtualSize)
    throw refuse(
      'max_table_entries',
      `its table has ${entries} blocks of ${formatSize(blockSize)}, too few for a disk of ${virtualSize} bytes`,
    )
  if (tableOffset < SECTOR || tableOffset % SECTOR !== 0 || tableOffset + entries * ENTRY_SIZE > size)
    throw refuse(
      'table_offset',
      `its table of ${entries} blocks would be at offset ${tableOffset}, which is not inside the file of ${size} bytes`,
    )
}

function faultsOf({ chosen, tail, front }: Footers, blocks: Blocks | undefined): readonly Fault[] {
  const faults: Fault[] = []
  const find = (code: Fault['code'], what: string): void => {
    faults.push({ code, what })
  }
  if (!chosen.isSound) find('footer', 'the checksum of its footer is wrong')
  else if (!tail) find('footer', 'its footer is missing at the end of the file, and the copy at the beginning is used')
  else if (!tail.isSound) find('footer', 'its footer is damaged, and the copy at the beginning is used')
  else if (blocks && front?.isSound !== true) find('footer-copy', 'the copy of its footer at the beginning is damaged')
  else if (front && front.fields.checksum !== tail.fields.checksum)
    find('footer-copy', 'the copy of its footer at the beginning says something else')
  if (blocks && !blocks.isHeaderSound) find('header', 'the checksum of its header is wrong')
  if (chosen.fields.saved_state !== 0) find('saved-state', 'it belongs to a machine in saved state')
  return faults
}
