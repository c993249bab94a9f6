// Opening: what the header and its extensions say, held against the rules; and what keeps an image from being read.

import type { Access, OpenGate } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { KiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { readBitmaps } from './bitmaps.ts'
import type { Bitmap } from './bitmaps.ts'
import { notValid, printable } from './damage.ts'
import { decodeExtensions } from './extensions.ts'
import type { Extensions } from './extensions.ts'
import type { Encryption } from './encryption.ts'
import { geometryOf } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { checkHeader, decodeHeader } from './header.ts'
import { AUTOCLEAR, CRYPT, HEADER, INCOMPATIBLE } from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** The whole first cluster of most images in one read. */
const FIRST_READ = 64 * KiB

export interface Opened {
  readonly header: HeaderFields
  readonly extensions: Extensions
  readonly geometry: Geometry
  /** Length of the file in bytes. */
  readonly size: number
  readonly backing?: BackingRef
  readonly bitmaps: readonly Bitmap[]
  /** Where guest data is; the same storage unless there is an external data file that could be opened. */
  readonly dataStorage: Storage
  /** The external data file, to be closed with the image. */
  readonly dataFile?: Storage
  readonly encryption?: Encryption
  readonly unreadable?: ErrorData
}

/** Throws `invalid-image` for what cannot even be described. Closes nothing of what it was given. */
export async function openHeader(storage: Storage, gate: OpenGate, access: Access): Promise<Opened> {
  const path = storage.name
  const size = await storage.size()
  let first = await readUpTo(storage, Math.min(FIRST_READ, size))
  const header = decodeHeader(first, path)
  checkHeader(header, size, path)
  const geometry = geometryOf(header)
  if (geometry.clusterSize > first.length && size > first.length)
    first = await readUpTo(storage, Math.min(geometry.clusterSize, size))
  const { header_length: start, backing_file_offset: nameOffset, backing_file_size: nameLength } = header
  const extensions = decodeExtensions({
    bytes: first.subarray(start, nameOffset === 0 ? geometry.clusterSize : nameOffset),
    offset: start,
    path,
    clusterSize: geometry.clusterSize,
  })
  checkTogether(header, extensions, path)
  const name = new TextDecoder().decode(first.subarray(nameOffset, nameOffset + nameLength))
  const hasBitmaps = (header.autoclear_features & AUTOCLEAR.bitmaps) !== 0n
  const bitmaps = extensions.bitmaps && hasBitmaps ? await readBitmaps(storage, extensions.bitmaps, geometry, size) : []
  const reason = unsupportedBy(header, extensions, path)
  const data = reason ? { storage } : await openData(storage, gate, access, geometry, extensions)
  const image = { storage, data: data.storage }
  const encryption = reason ? undefined : await encryptionOf(image, header, extensions, gate)
  const unreadable = reason ?? data.unreadable ?? encryption?.unreadable
  return {
    header,
    extensions,
    geometry,
    size,
    bitmaps,
    dataStorage: encryption?.dataStorage ?? data.storage,
    ...(data.storage !== storage && { dataFile: data.storage }),
    ...(encryption && { encryption }),
    ...(nameOffset !== 0 && nameLength > 0 && { backing: backingRef(name, extensions) }),
    ...(unreadable && { unreadable: unreadable.toData() }),
  }
}

/** Most images are not encrypted, and need nothing of what it takes. */
async function encryptionOf(
  image: { readonly storage: Storage; readonly data: Storage },
  header: HeaderFields,
  extensions: Extensions,
  gate: OpenGate,
): Promise<Encryption | undefined> {
  if (header.crypt_method === CRYPT.none) return undefined
  const { openEncryption } = await import('./encryption.ts')
  return openEncryption(image, header, extensions, gate)
}

function checkTogether(header: HeaderFields, extensions: Extensions, path: string): void {
  const raw = (header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n
  const external = (header.incompatible_features & INCOMPATIBLE.externalData) !== 0n
  const offset = HEADER.fields.autoclear_features.offset
  if (raw && !external) throw notValid(path, 'it says that its data file is raw, and it has no data file', offset)
  if (raw && header.backing_file_offset !== 0)
    throw notValid(path, 'it has a raw data file and a backing file, which exclude each other', offset)
  const luks = header.crypt_method === CRYPT.luks
  if (luks && !extensions.encryption)
    throw notValid(
      path,
      'it is encrypted with LUKS and does not say where the LUKS header is',
      HEADER.fields.crypt_method.offset,
    )
  if (!luks && extensions.encryption)
    throw notValid(
      path,
      'it has a LUKS header and says it is not encrypted with LUKS',
      HEADER.fields.crypt_method.offset,
    )
}

function unsupportedBy(header: HeaderFields, extensions: Extensions, path: string): SpindleError | undefined {
  const known = Object.values(INCOMPATIBLE).reduce((mask, bit) => mask | bit, 0n)
  const unknown = header.incompatible_features & ~known
  if (unknown !== 0n) {
    const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (unknown >> BigInt(bit)) & 1n)
    const names = bits.map((bit) => {
      const named = extensions.featureNames.find((feature) => feature.kind === 'incompatible' && feature.bit === bit)
      return named ? `“${printable(named.name, 46)}”` : `bit ${bit}`
    })
    return new SpindleError(
      'unsupported',
      `${path} uses a feature Spindle does not know: ${names.slice(0, 4).join(', ')}. Its data cannot be read; nothing was changed.`,
      { path, offset: HEADER.fields.incompatible_features.offset },
    )
  }
  if (header.compression_type > 1)
    return new SpindleError(
      'unsupported',
      `${path} is compressed in a way Spindle does not know (type ${header.compression_type}). Nothing was changed.`,
      { path, offset: HEADER.fields.compression_type.offset },
    )
  return undefined
}

/** The external data file, where there is one. */
async function openData(
  storage: Storage,
  gate: OpenGate,
  access: Access,
  geometry: Geometry,
  { dataFile }: Extensions,
): Promise<{ readonly storage: Storage; readonly unreadable?: SpindleError }> {
  if (!geometry.externalData) return { storage }
  if (dataFile === undefined || dataFile === '') {
    const message = `${storage.name} keeps its data in another file and does not say in which. Nothing was changed.`
    return { storage, unreadable: new SpindleError('missing-file', message, { path: storage.name }) }
  }
  try {
    const data = await gate.open(dataFile, storage, access)
    if (data.identity !== storage.identity) return { storage: data }
    await data.close()
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    return { storage, unreadable: error }
  }
  throw notValid(storage.name, 'it names itself as its data file', HEADER.size)
}

function backingRef(name: string, { backingFormat }: Extensions): BackingRef {
  return { path: name, ...(backingFormat !== undefined && { format: backingFormat }) }
}

async function readUpTo(storage: Storage, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, await storage.read(0, bytes))
}
