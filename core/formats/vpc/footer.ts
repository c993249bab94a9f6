// The footer at the end of the file and its copy at the beginning: reading both, telling which one holds, writing them.

import { SpindleError } from '../../model/error.ts'
import { notValid } from '../../image/damage.ts'
import { roundDown } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { MAX_GEOMETRY_SECTORS, DISK_TYPE, FOOTER, FOOTER_COOKIE, SECTOR } from './layout.ts'
import type { FooterFields } from './layout.ts'
import { sectorsOf } from './geometry.ts'

/** Programs that round disks to a geometry, and say only by it how large the guest finds them. */
const GEOMETRY_CREATORS = new Set(['vpc ', 'vs  ', 'qemu'])

/** One of the two, as it is in the file. */
export interface FoundFooter {
  readonly offset: number
  readonly fields: FooterFields
  /** Its checksum is right. */
  readonly isSound: boolean
}

export interface Footers {
  /** The one that holds. */
  readonly chosen: FoundFooter
  /** Where the last sector of the file begins, or would. */
  readonly end: number
  /** Undefined where there is none. */
  readonly tail: FoundFooter | undefined
  readonly front: FoundFooter | undefined
}

/** Throws `invalid-image` where there is no footer at either end. */
export async function readFooters(storage: Storage): Promise<Footers> {
  const size = await storage.size()
  // Virtual PC wrote a byte less before 2004.
  const end = Math.max(0, size % SECTOR === SECTOR - 1 ? size - (SECTOR - 1) : size - SECTOR)
  const tail = await readFooter(storage, end)
  const first = await readFooter(storage, 0)
  // What a fixed disk begins with is the guest's, whatever it looks like.
  const front = first?.fields.disk_type === DISK_TYPE.fixed ? undefined : first
  const chosen = [tail, front].find((footer) => footer?.isSound === true) ?? tail ?? front
  if (chosen) return { chosen, end, tail, front: chosen.fields.disk_type === DISK_TYPE.fixed ? undefined : front }
  throw notValid(
    storage.name,
    'VHD',
    'neither its last sector nor its first one begins with “conectix”, so it has no footer',
    end,
  )
}

/** The sum that every footer and header carries of its other bytes. `place` is where it stands in them. */
export function checksumOf(bytes: Uint8Array, place: number): number {
  let sum = 0
  for (let index = 0; index < bytes.length; index += 1) {
    if (index < place || index >= place + 4) sum += bytes[index] ?? 0
  }
  return ~sum >>> 0
}

/** The sector as it is written, its checksum included. */
export function encodeFooter(fields: FooterFields): Uint8Array<ArrayBuffer> {
  const place = FOOTER.fields.checksum.offset
  return FOOTER.encode({ ...fields, checksum: checksumOf(FOOTER.encode(fields), place) })
}

/** The size the guest sees, in bytes: whole sectors. */
export function virtualSizeOf(fields: FooterFields): number {
  const { cylinders, heads, sectors_per_track: sectorsPerTrack } = fields
  const sectors = sectorsOf({ cylinders, heads, sectorsPerTrack })
  const creator = new TextDecoder('latin1').decode(fields.creator_application)
  const byGeometry = GEOMETRY_CREATORS.has(creator) && sectors > 0 && sectors !== MAX_GEOMETRY_SECTORS
  return byGeometry ? sectors * SECTOR : roundDown(fields.current_size, SECTOR)
}

/** As other programs and people write it: 12345678-9abc-…. */
export function uuidText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

async function readFooter(storage: Storage, offset: number): Promise<FoundFooter | undefined> {
  const bytes = new Uint8Array(SECTOR)
  await readPadded(storage, offset, bytes)
  if (new DataView(bytes.buffer).getBigUint64(0) !== FOOTER_COOKIE) return undefined
  try {
    const fields = FOOTER.decode(bytes, { path: storage.name, offset })
    return { offset, fields, isSound: fields.checksum === checksumOf(bytes, FOOTER.fields.checksum.offset) }
  } catch (error) {
    // Sizes past all sense: it may be the other one that holds.
    if (error instanceof SpindleError && error.code === 'invalid-image') return undefined
    throw error
  }
}
