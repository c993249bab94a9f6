// VHD images with what no program would write into them: fields and entries by name, checksums right or wrong.

import { vpcDriver } from '../../core/formats/vpc/driver.ts'
import { checksumOf, encodeFooter } from '../../core/formats/vpc/footer.ts'
import {
  DISK_TYPE,
  DYNAMIC_HEADER,
  FOOTER,
  LOCATORS_OFFSET,
  PARENT_LOCATOR,
  SECTOR,
} from '../../core/formats/vpc/layout.ts'
import type { DynamicHeaderFields, FooterFields } from '../../core/formats/vpc/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { KiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from './memory-gate.ts'

export const BLOCK = 64 * KiB
/** A bitmap and the data. */
export const ROOM = SECTOR + BLOCK
/** Where the builder puts them. */
export const HEADER_AT = SECTOR
export const TABLE_AT = 3 * SECTOR
export const FIRST_BLOCK = 4 * SECTOR

/** An image whose blocks hold the given letters in this order of places; '.' is none. */
export async function vpcOf(letters: string, options: OptionValues = {}): Promise<MemoryStorage> {
  const storage = new MemoryStorage('disk.vhd')
  const spec = { virtualSize: letters.length * BLOCK, options: { block_size: BLOCK, ...options } }
  const builder = await vpcDriver.build(storage, spec, new MemoryFolder())
  for (const [block, letter] of Array.from(letters).entries())
    if (letter !== '.') await storage.write(builder.place(block * BLOCK, BLOCK), Buffer.alloc(BLOCK, letter))
  await builder.finish()
  return storage
}

export async function readFooter(storage: Storage, offset?: number): Promise<FooterFields> {
  const at = offset ?? (await storage.size()) - SECTOR
  const bytes = new Uint8Array(SECTOR)
  await storage.read(at, bytes)
  return FOOTER.decode(bytes, { path: storage.name, offset: at })
}

/** Both of a dynamic image, or the one of a fixed one, with the right checksum. */
export async function setFooter(storage: Storage, values: Partial<FooterFields>): Promise<void> {
  const end = (await storage.size()) - SECTOR
  const fields = await readFooter(storage, end)
  const bytes = encodeFooter({ ...fields, ...values })
  await storage.write(end, bytes)
  if (fields.disk_type !== DISK_TYPE.fixed) await storage.write(0, bytes)
}

export async function readHeader(storage: Storage): Promise<DynamicHeaderFields> {
  const bytes = new Uint8Array(DYNAMIC_HEADER.size)
  await storage.read(HEADER_AT, bytes)
  return DYNAMIC_HEADER.decode(bytes, { path: storage.name, offset: HEADER_AT })
}

/** With the right checksum. Locators stay. */
export async function setHeader(storage: Storage, values: Partial<DynamicHeaderFields>): Promise<void> {
  const bytes = new Uint8Array(DYNAMIC_HEADER.size)
  await storage.read(HEADER_AT, bytes)
  const fields = DYNAMIC_HEADER.decode(bytes, { path: storage.name, offset: HEADER_AT })
  const changed = DYNAMIC_HEADER.encode({ ...fields, ...values })
  changed.set(bytes.subarray(LOCATORS_OFFSET), LOCATORS_OFFSET)
  await storage.write(HEADER_AT, withChecksum(changed))
}

/** Of an image with one data sector for the text behind its table. */
export async function setLocator(storage: Storage, index: number, code: string, text: Uint8Array): Promise<void> {
  const offset = FIRST_BLOCK + index * SECTOR
  await storage.write(offset, text)
  const bytes = new Uint8Array(DYNAMIC_HEADER.size)
  await storage.read(HEADER_AT, bytes)
  const locator = PARENT_LOCATOR.encode({
    platform_code: Buffer.from(code).readUInt32BE(0),
    data_space: SECTOR,
    data_length: text.length,
    reserved: 0,
    data_offset: offset,
  })
  bytes.set(locator, LOCATORS_OFFSET + index * PARENT_LOCATOR.size)
  await storage.write(HEADER_AT, withChecksum(bytes))
}

/** The place is in bytes; -1 for none. */
export async function setEntry(storage: Storage, block: number, place: number): Promise<void> {
  const entry = Buffer.alloc(4)
  entry.writeUInt32BE(place === -1 ? 0xffff_ffff : place / SECTOR)
  await storage.write(TABLE_AT + block * 4, entry)
}

/** The first letter of every block; '.' for zeros. */
export async function lettersOf(storage: Storage): Promise<string> {
  const gate = new MemoryFolder()
  await using disk = await openDisk(storage, { drivers: [vpcDriver], gate, format: 'vpc', access: 'read' })
  let letters = ''
  for (let offset = 0; offset < disk.size; offset += BLOCK) {
    const bytes = new Uint8Array(Math.min(BLOCK, disk.size - offset))
    await disk.read(offset, bytes)
    const [first = 0] = bytes
    if (bytes.some((byte) => byte !== first)) throw new Error(`the block at ${offset} is torn`)
    letters += first === 0 ? '.' : String.fromCharCode(first)
  }
  return letters
}

/**
 * A differencing disk without data, of the given size, on the image `parent`: by the identity it is known by, and by the
 * names that are given as locators.
 */
export async function differencingOf(
  size: number,
  parent: {
    readonly uniqueId: Uint8Array
    readonly locators?: Readonly<Record<string, Uint8Array>>
    readonly name?: string
  },
): Promise<MemoryStorage> {
  const storage = new MemoryStorage('child.vhd')
  const options = { block_size: BLOCK }
  const builder = await vpcDriver.build(storage, { virtualSize: size, options }, new MemoryFolder())
  await builder.finish()
  // Room for the names, between the table and the first block to come.
  const footer = await readFooter(storage)
  await storage.truncate(FIRST_BLOCK + 8 * SECTOR)
  await storage.write(FIRST_BLOCK + 8 * SECTOR, encodeFooter(footer))
  await setFooter(storage, { disk_type: DISK_TYPE.differencing })
  const name = new Uint8Array(512)
  name.set(Buffer.from(parent.name ?? '', 'utf16le').swap16())
  await setHeader(storage, { parent_unique_id: parent.uniqueId, parent_name: name })
  for (const [index, [code, text]] of Object.entries(parent.locators ?? {}).entries())
    await setLocator(storage, index, code, text)
  return storage
}

export function utf16(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le')
}

function withChecksum(header: Uint8Array): Uint8Array {
  const place = DYNAMIC_HEADER.fields.checksum.offset
  new DataView(header.buffer, header.byteOffset).setUint32(place, checksumOf(header, place))
  return header
}
