// The header of LUKS version 2: a binary part under a checksum, kept twice, and a JSON part that says everything.

import { createHash } from 'node:crypto'
import { bytes, size64, text, u16 } from '../bytes/field.ts'
import { Structure } from '../bytes/structure.ts'
import { SpindleError } from '../model/error.ts'
import { KiB, MiB } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { notLuks } from './luks1-header.ts'
import type { HeaderPlace } from './luks1-header.ts'
import { LUKS_MAGIC } from './luks1-layout.ts'

const BINARY = new Structure(
  'LUKS2 header',
  'big',
  {
    magic: bytes(0, 6),
    version: u16(6),
    hdr_size: size64(8),
    seqid: size64(16),
    label: text(24, 48),
    checksum_alg: text(72, 32),
    uuid: text(168, 40),
    subsystem: text(208, 48),
    hdr_offset: size64(256),
    checksum: bytes(448, 64),
  },
  4096,
)

/** The second copy starts with the magic’s first four letters turned round. */
const SECOND_MAGIC = new Uint8Array([0x53, 0x4b, 0x55, 0x4c, 0xba, 0xbe])
const SIZES = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map((size) => size * KiB)
const MOST_JSON = 4 * MiB

export interface Luks2Header {
  readonly uuid: string
  readonly label: string
  readonly subsystem: string
  readonly sequence: number
  /** What it says, in LUKS’s own words. */
  readonly json: unknown
  /** The bytes it was read from. */
  readonly raw: Uint8Array
}

/** The newer of the two copies that are whole. Throws `invalid-image` when neither is. */
export async function readLuks2(storage: Storage, place: HeaderPlace): Promise<Luks2Header> {
  const found: Luks2Header[] = []
  const failures: SpindleError[] = []
  for (const offset of [0, ...SIZES]) {
    if (offset >= place.length) break
    // Where the second one is, the first says; when that is damaged, it can be at any of these.
    if (offset > 0 && found.length > 0 && found[0]?.raw.length !== offset) continue
    try {
      const header = await readCopy(storage, place, offset)
      if (header) found.push(header)
    } catch (error) {
      if (!(error instanceof SpindleError)) throw error
      failures.push(error)
    }
  }
  const [newest] = found.toSorted((a, b) => b.sequence - a.sequence)
  if (newest) return newest
  throw failures[0] ?? notLuks(storage.name, 'it ends inside its header', place.offset)
}

/** Undefined where there is none. */
async function readCopy(storage: Storage, place: HeaderPlace, offset: number): Promise<Luks2Header | undefined> {
  const at = place.offset + offset
  const head = new Uint8Array(BINARY.size)
  const count = await storage.read(at, head)
  const magic = offset === 0 ? LUKS_MAGIC : SECOND_MAGIC
  if (magic.some((byte, index) => head[index] !== byte)) return undefined
  const fields = BINARY.decode(head.subarray(0, count), { path: storage.name, offset: at })
  const refuse = (field: keyof typeof fields, what: string): never => {
    throw notLuks(storage.name, what, at + BINARY.fields[field].offset)
  }
  if (fields.version !== 2) refuse('version', `its version is ${fields.version}, and here it must be 2`)
  if (!SIZES.includes(fields.hdr_size)) refuse('hdr_size', `its header cannot be ${fields.hdr_size} bytes long`)
  if (fields.hdr_offset !== offset) refuse('hdr_offset', 'its header was made for another place')
  if (fields.checksum_alg !== 'sha256' && fields.checksum_alg !== 'sha512' && fields.checksum_alg !== 'sha1')
    refuse('checksum_alg', 'its checksum is of a kind Spindle does not know')
  const raw = new Uint8Array(fields.hdr_size)
  if ((await storage.read(at, raw)) < raw.length) refuse('hdr_size', 'it ends inside its header')
  const unsigned = new Uint8Array(raw)
  unsigned.fill(0, BINARY.fields.checksum.offset, BINARY.fields.checksum.offset + BINARY.fields.checksum.size)
  const sum = createHash(fields.checksum_alg).update(unsigned).digest()
  if (sum.some((byte, index) => fields.checksum[index] !== byte)) refuse('checksum', 'its checksum is wrong')
  return {
    uuid: fields.uuid,
    label: fields.label,
    subsystem: fields.subsystem,
    sequence: fields.seqid,
    json: parsedJson(raw.subarray(BINARY.size, MOST_JSON), storage.name, at),
    raw,
  }
}

function parsedJson(area: Uint8Array, path: string, offset: number): unknown {
  const end = area.indexOf(0)
  try {
    return JSON.parse(new TextDecoder().decode(end < 0 ? area : area.subarray(0, end)))
  } catch {
    throw notLuks(path, 'its JSON part is none', offset + BINARY.size)
  }
}
