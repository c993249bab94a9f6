// Header extensions: tagged data between the header and the backing file name.

import { MiB, roundUp } from '../../model/units.ts'
import { notValid } from './damage.ts'
import {
  BITMAPS_EXTENSION,
  ENCRYPTION_POINTER,
  EXTENSION,
  EXTENSION_HEAD,
  FEATURE_NAME,
  MAX_BACKING_FORMAT,
  MAX_BITMAPS,
  MAX_BITMAP_DIRECTORY_BYTES,
} from './layout.ts'
import type { BitmapsExtension } from './layout.ts'

export interface Extensions {
  readonly backingFormat?: string
  readonly dataFile?: string
  readonly bitmaps?: BitmapsExtension
  /** Where the LUKS header is; bytes. */
  readonly encryption?: { readonly offset: number; readonly length: number }
  readonly featureNames: readonly FeatureName[]
}

export type FeatureKind = 'incompatible' | 'compatible' | 'autoclear'

export interface FeatureName {
  readonly kind: FeatureKind
  readonly bit: number
  readonly name: string
}

export interface Extension {
  readonly type: number
  readonly data: Uint8Array
}

export interface Area {
  readonly bytes: Uint8Array
  /** Of the area's first byte in the file. */
  readonly offset: number
  readonly path: string
  readonly clusterSize: number
}

const FEATURE_KINDS: readonly FeatureKind[] = ['incompatible', 'compatible', 'autoclear']

/** Unknown types are passed over: whoever rewrites the header keeps their bytes. Throws `invalid-image`. */
export function decodeExtensions(area: Area): Extensions {
  const { path } = area
  const seen = new Map<number, Located>()
  for (const extension of walk(area)) {
    if (seen.has(extension.type))
      throw notValid(path, `header extension 0x${extension.type.toString(16)} is there twice`, extension.offset)
    seen.set(extension.type, extension)
  }
  const backingFormat = seen.get(EXTENSION.backingFormat)
  const dataFile = seen.get(EXTENSION.dataFile)
  const bitmaps = seen.get(EXTENSION.bitmaps)
  const encryption = seen.get(EXTENSION.encryption)
  if (backingFormat && backingFormat.data.length > MAX_BACKING_FORMAT)
    throw notValid(
      path,
      `its backing format name is ${backingFormat.data.length} bytes long, and ${MAX_BACKING_FORMAT} are allowed`,
      backingFormat.offset,
    )
  return {
    ...(backingFormat && { backingFormat: textOf(backingFormat.data) }),
    ...(dataFile && { dataFile: textOf(dataFile.data) }),
    ...(bitmaps && { bitmaps: decodeBitmaps(bitmaps, area) }),
    ...(encryption && { encryption: decodeEncryption(encryption, area) }),
    featureNames: decodeFeatureNames(seen.get(EXTENSION.featureNames), path),
  }
}

/** Every extension as it stands, those that Spindle does not know as well. Throws `invalid-image`. */
export function listExtensions(area: Area): readonly Extension[] {
  return [...walk(area)].map(({ type, data }) => ({ type, data }))
}

/** The extensions one after the other and the end marker. */
export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  const parts = [...extensions, { type: EXTENSION.end, data: new Uint8Array(0) }].map(({ type, data }) => {
    const part = new Uint8Array(EXTENSION_HEAD.size + roundUp(data.length, 8))
    part.set(EXTENSION_HEAD.encode({ type, length: data.length }))
    part.set(data, EXTENSION_HEAD.size)
    return part
  })
  return Buffer.concat(parts)
}

export function encodeFeatureNames(names: readonly FeatureName[]): Uint8Array {
  return Buffer.concat(
    names.map(({ kind, bit, name }) => FEATURE_NAME.encode({ type: FEATURE_KINDS.indexOf(kind), bit, name })),
  )
}

interface Located extends Extension {
  readonly offset: number
}

function* walk(area: Area): Generator<Located> {
  const { bytes, path } = area
  for (let at = 0; at + EXTENSION_HEAD.size <= bytes.length;) {
    const offset = area.offset + at
    const { type, length } = EXTENSION_HEAD.decode(bytes.subarray(at), { path, offset })
    const start = at + EXTENSION_HEAD.size
    if (length > bytes.length - start)
      throw notValid(
        path,
        `header extension 0x${type.toString(16)} claims ${length} bytes, and ${bytes.length - start} are left`,
        offset,
      )
    if (type === EXTENSION.end) return
    yield { type, data: bytes.subarray(start, start + length), offset }
    at = start + roundUp(length, 8)
  }
}

function decodeBitmaps(extension: Located, { path, clusterSize }: Area): BitmapsExtension {
  const { data, offset } = extension
  if (data.length !== BITMAPS_EXTENSION.size)
    throw notValid(
      path,
      `its bitmaps extension is ${data.length} bytes long instead of ${BITMAPS_EXTENSION.size}`,
      offset,
    )
  const bitmaps = BITMAPS_EXTENSION.decode(data, { path, offset: offset + EXTENSION_HEAD.size })
  const { nb_bitmaps, reserved, bitmap_directory_size: size, bitmap_directory_offset: directory } = bitmaps
  if (nb_bitmaps === 0 || nb_bitmaps > MAX_BITMAPS)
    throw notValid(path, `it claims ${nb_bitmaps} bitmaps, and 1 to ${MAX_BITMAPS} are allowed`, offset)
  if (reserved !== 0) throw notValid(path, 'the reserved field of its bitmaps extension is not zero', offset)
  if (size > MAX_BITMAP_DIRECTORY_BYTES)
    throw notValid(
      path,
      `its bitmap directory takes ${size} bytes, and ${MAX_BITMAP_DIRECTORY_BYTES} are allowed`,
      offset,
    )
  if (directory === 0 || directory % clusterSize !== 0)
    throw notValid(path, `its bitmap directory is at offset ${directory}, which is no place for it`, offset)
  return bitmaps
}

/** Bytes: eight times as many as the longest keys take in all slots. */
const MAX_ENCRYPTION_HEADER = 16 * MiB

function decodeEncryption(extension: Located, { path, clusterSize }: Area): { offset: number; length: number } {
  const { data, offset } = extension
  if (data.length !== ENCRYPTION_POINTER.size)
    throw notValid(
      path,
      `its encryption extension is ${data.length} bytes long instead of ${ENCRYPTION_POINTER.size}`,
      offset,
    )
  const pointer = ENCRYPTION_POINTER.decode(data, { path, offset: offset + EXTENSION_HEAD.size })
  if (pointer.offset === 0 || pointer.offset % clusterSize !== 0)
    throw notValid(path, `its encryption header is at offset ${pointer.offset}, which is no place for it`, offset)
  if (pointer.length > MAX_ENCRYPTION_HEADER)
    throw notValid(path, `its encryption header is ${pointer.length} bytes long, more than any is`, offset)
  return pointer
}

function decodeFeatureNames(extension: Located | undefined, path: string): FeatureName[] {
  const names: FeatureName[] = []
  if (!extension) return names
  const { data, offset } = extension
  for (let at = 0; at + FEATURE_NAME.size <= data.length; at += FEATURE_NAME.size) {
    const { type, bit, name } = FEATURE_NAME.decode(data.subarray(at), { path, offset: offset + at })
    const kind = FEATURE_KINDS[type]
    if (kind) names.push({ kind, bit, name })
  }
  return names
}

function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data)
}
