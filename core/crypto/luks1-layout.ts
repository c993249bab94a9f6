// The header of LUKS version 1, and the limits a sane one keeps.

import { bytes, text, u16, u32 } from '../bytes/field.ts'
import { Structure } from '../bytes/structure.ts'
import type { ValuesOf } from '../bytes/structure.ts'
import { roundUp } from '../model/units.ts'

/** “LUKS” and two bytes that no text has. */
export const LUKS_MAGIC = new Uint8Array([0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe])

export const LUKS1_HEADER = new Structure(
  'LUKS header',
  'big',
  {
    magic: bytes(0, 6),
    version: u16(6),
    cipher_name: text(8, 32),
    cipher_mode: text(40, 32),
    hash_spec: text(72, 32),
    payload_offset: u32(104),
    key_bytes: u32(108),
    key_digest: bytes(112, 20),
    key_digest_salt: bytes(132, 32),
    key_digest_iterations: u32(164),
    uuid: text(168, 40),
  },
  592,
)
export type Luks1Fields = ValuesOf<typeof LUKS1_HEADER>

export const KEY_SLOTS = 8
export const FIRST_SLOT = 208
export const KEY_SLOT = new Structure('LUKS key slot', 'big', {
  state: u32(0),
  iterations: u32(4),
  salt: bytes(8, 32),
  key_offset: u32(40),
  stripes: u32(44),
})
export type KeySlotFields = ValuesOf<typeof KEY_SLOT>

export const SLOT_ON = 0x00ac71f3
export const SLOT_OFF = 0x0000dead

export const STRIPES = 4000
export const DIGEST_SIZE = 20
/** Slots and what follows them start on multiples of it. Bytes. */
export const ALIGNMENT = 4096
export const MAX_KEY_BYTES = 64

/** What places in the header are counted in, and vectors. Bytes. */
export const SECTOR = 512

/** Bytes from one slot’s key material to the next. */
export function slotSpan(keyBytes: number): number {
  return roundUp(keyBytes * STRIPES, ALIGNMENT)
}

/** Bytes before the encrypted data of a new volume. */
export function payloadOffset(keyBytes: number): number {
  return ALIGNMENT + KEY_SLOTS * slotSpan(keyBytes)
}
