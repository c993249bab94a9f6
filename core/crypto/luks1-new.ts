// Making a new header of LUKS version 1, with one passphrase or several.

import { randomBytes, randomUUID } from 'node:crypto'
import type { Storage } from '../storage/storage.ts'
import { printedMode } from './cipher-name.ts'
import type { CipherName } from './cipher-name.ts'
import { encodeLuks1 } from './luks1-header.ts'
import { newDigest, newSlot } from './luks1-keys.ts'
import type { NewSlot } from './luks1-keys.ts'
import { ALIGNMENT, KEY_SLOTS, LUKS_MAGIC, SECTOR, SLOT_OFF, STRIPES, payloadOffset, slotSpan } from './luks1-layout.ts'
import type { KeySlotFields } from './luks1-layout.ts'
import { sectorCipher } from './sector-cipher.ts'
import type { SectorCipher } from './sector-cipher.ts'

export interface Luks1Design {
  readonly cipher: CipherName
  readonly keyBytes: number
  readonly hash: string
  /** What trying a passphrase is to take on this machine. */
  readonly milliseconds: number
}

/** Everything of a new volume but its place: nothing is written before `write`. */
export class NewLuks1 {
  readonly cipher: SectorCipher
  /** What unlocks it is known by the header: its bytes, and the key, which the caller overwrites. */
  readonly header: Uint8Array
  readonly key: Uint8Array
  readonly #slots: readonly NewSlot[]

  private constructor(cipher: SectorCipher, header: Uint8Array, key: Uint8Array, slots: readonly NewSlot[]) {
    this.cipher = cipher
    this.header = header
    this.key = key
    this.#slots = slots
  }

  /** Each passphrase gets a slot. Throws `unsupported` for a cipher or hash Spindle does not know. */
  static async prepare(design: Luks1Design, passphrases: readonly Uint8Array[]): Promise<NewLuks1> {
    const { cipher, keyBytes, hash, milliseconds } = design
    const key = randomBytes(keyBytes)
    const sectors = sectorCipher(cipher, key)
    const span = slotSpan(keyBytes)
    const unused = Array.from({ length: KEY_SLOTS }, (_, index): KeySlotFields => ({
      state: SLOT_OFF,
      iterations: 0,
      salt: new Uint8Array(32),
      key_offset: (ALIGNMENT + index * span) / SECTOR,
      stripes: STRIPES,
    }))
    const slots: NewSlot[] = []
    for (const [index, passphrase] of passphrases.entries()) {
      const old = unused[index]
      if (old) slots.push(await newSlot(key, passphrase, { cipher, hash, milliseconds, old }))
    }
    const header = encodeLuks1({
      fields: {
        magic: LUKS_MAGIC,
        version: 1,
        cipher_name: cipher.algorithm,
        cipher_mode: printedMode(cipher),
        hash_spec: hash,
        payload_offset: payloadOffset(keyBytes) / SECTOR,
        key_bytes: keyBytes,
        // As others do it: an eighth of what a passphrase takes.
        ...(await newDigest(key, hash, milliseconds / 8)),
        uuid: randomUUID(),
      },
      slots: unused.map((slot, index) => slots[index]?.fields ?? slot),
    })
    return new NewLuks1(sectors, header, key, slots)
  }

  /** Writes it at `offset`, the header itself last. Durable only after a flush. */
  async write(storage: Storage, offset: number): Promise<void> {
    for (const { fields, material } of this.#slots) await storage.write(offset + fields.key_offset * SECTOR, material)
    await storage.flush()
    await storage.write(offset, this.header)
  }
}
