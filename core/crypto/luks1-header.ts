// Reading and writing the header of LUKS version 1, every field held against the rules.

import { SpindleError } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import { parseCipher } from './cipher-name.ts'
import type { CipherName } from './cipher-name.ts'
import {
  FIRST_SLOT,
  KEY_SLOT,
  KEY_SLOTS,
  LUKS1_HEADER,
  LUKS_MAGIC,
  MAX_KEY_BYTES,
  SECTOR,
  SLOT_OFF,
  SLOT_ON,
  STRIPES,
} from './luks1-layout.ts'
import type { KeySlotFields, Luks1Fields } from './luks1-layout.ts'

export interface Luks1Header {
  readonly fields: Luks1Fields
  readonly slots: readonly KeySlotFields[]
  /** Undefined for one Spindle knows no word of. */
  readonly cipher: CipherName | undefined
}

/** Where the header is: at the start of its file, or inside an image of another format. */
export interface HeaderPlace {
  readonly offset: number
  /** Bytes it may take with its key slots. */
  readonly length: number
}

/** Throws `invalid-image` for the first field that breaks a rule, `unsupported` for another version. */
export async function readLuks1(storage: Storage, place: HeaderPlace): Promise<Luks1Header> {
  const bytes = new Uint8Array(Math.min(LUKS1_HEADER.size, place.length))
  const count = await storage.read(place.offset, bytes)
  return decodeLuks1(bytes.subarray(0, count), storage.name, place)
}

export function decodeLuks1(bytes: Uint8Array, path: string, place: HeaderPlace): Luks1Header {
  const fields = LUKS1_HEADER.decode(bytes, { path, offset: place.offset })
  const refuse = (field: keyof Luks1Fields, what: string): never => {
    throw notLuks(path, what, place.offset + LUKS1_HEADER.fields[field].offset)
  }
  if (LUKS_MAGIC.some((byte, index) => fields.magic[index] !== byte)) refuse('magic', 'it does not start with “LUKS”')
  if (fields.version !== 1) refuse('version', `its version is ${fields.version}, and here it must be 1`)
  for (const field of ['cipher_name', 'cipher_mode', 'hash_spec'] as const) {
    const { offset, size } = LUKS1_HEADER.fields[field]
    if (!bytes.subarray(offset, offset + size).includes(0)) refuse(field, `${field} does not end`)
  }
  if (fields.key_bytes === 0 || fields.key_bytes > MAX_KEY_BYTES)
    refuse('key_bytes', `its key has ${fields.key_bytes} bytes, and 1 to ${MAX_KEY_BYTES} are allowed`)
  if (fields.key_digest_iterations === 0) refuse('key_digest_iterations', 'its key digest takes no iterations')
  const slots = Array.from({ length: KEY_SLOTS }, (_, index) => decodeSlot(bytes, index, path, place))
  checkPlaces(fields, slots, path, place)
  return { fields, slots, cipher: parseCipher(fields.cipher_name, fields.cipher_mode) }
}

function decodeSlot(bytes: Uint8Array, index: number, path: string, place: HeaderPlace): KeySlotFields {
  const start = FIRST_SLOT + index * KEY_SLOT.size
  const slot = KEY_SLOT.decode(bytes.subarray(start), { path, offset: place.offset + start })
  const refuse = (field: keyof KeySlotFields, what: string): never => {
    throw notLuks(path, `key slot ${index} ${what}`, place.offset + start + KEY_SLOT.fields[field].offset)
  }
  if (slot.state !== SLOT_ON && slot.state !== SLOT_OFF) refuse('state', 'is neither on nor off')
  if (slot.stripes !== STRIPES) refuse('stripes', `has ${slot.stripes} stripes instead of ${STRIPES}`)
  if (slot.state === SLOT_ON && slot.iterations === 0) refuse('iterations', 'takes no iterations')
  return slot
}

function checkPlaces(
  fields: Luks1Fields,
  slots: readonly KeySlotFields[],
  path: string,
  { offset, length }: HeaderPlace,
): void {
  const payload = fields.payload_offset * SECTOR
  const size = fields.key_bytes * STRIPES
  for (const [index, slot] of slots.entries()) {
    const start = slot.key_offset * SECTOR
    const refuse = (what: string): never => {
      const place = FIRST_SLOT + index * KEY_SLOT.size + KEY_SLOT.fields.key_offset.offset
      throw notLuks(path, `the key material of slot ${index} ${what}`, offset + place)
    }
    if (start < LUKS1_HEADER.size) refuse('lies inside the header')
    if (start + size > payload) refuse('overlaps the encrypted data')
    if (start + size > length) refuse(`ends past the room there is for it, ${length} bytes`)
    for (const other of slots.slice(0, index)) {
      const otherStart = other.key_offset * SECTOR
      if (start < otherStart + size && otherStart < start + size) refuse('overlaps that of another slot')
    }
  }
}

export function encodeLuks1({ fields, slots }: Pick<Luks1Header, 'fields' | 'slots'>): Uint8Array {
  const bytes = LUKS1_HEADER.encode(fields)
  for (const [index, slot] of slots.entries()) bytes.set(KEY_SLOT.encode(slot), FIRST_SLOT + index * KEY_SLOT.size)
  return bytes
}

/** What decides which key is the right one: who knows it may change, the key stays. */
export function keyPart(header: Uint8Array): Uint8Array {
  return header.subarray(0, FIRST_SLOT)
}

export function isOn(slot: KeySlotFields): boolean {
  return slot.state === SLOT_ON
}

export function notLuks(path: string, what: string, offset: number): SpindleError {
  return new SpindleError('invalid-image', `${path} has a damaged LUKS header: ${what}. Nothing was changed.`, {
    path,
    offset,
  })
}

/** qemu-img's words for it, in its order. */
export function describeLuks1({ fields, slots, cipher }: Luks1Header): Record<string, unknown> {
  const keyBits = cipher?.mode === 'xts' ? fields.key_bytes * 4 : fields.key_bytes * 8
  return {
    ...(cipher?.vectors !== undefined && { 'ivgen-alg': cipher.vectors }),
    'detached-header': false,
    'hash-alg': fields.hash_spec,
    'cipher-alg': `${fields.cipher_name}-${keyBits}`,
    uuid: fields.uuid,
    ...(cipher?.vectorHash !== undefined && { 'ivgen-hash-alg': cipher.vectorHash }),
    'cipher-mode': cipher?.mode ?? fields.cipher_mode,
    slots: slots.map((slot) => ({
      active: isOn(slot),
      ...(isOn(slot) && { iters: slot.iterations }),
      'key-offset': slot.key_offset * SECTOR,
      ...(isOn(slot) && { stripes: slot.stripes }),
    })),
    'payload-offset': fields.payload_offset * SECTOR,
    'master-key-iters': fields.key_digest_iterations,
  }
}
