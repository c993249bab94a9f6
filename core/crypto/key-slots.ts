// The key slots of an encrypted volume: who may open it. Each change leaves, at any moment, a header that opens.

import { randomBytes } from 'node:crypto'
import { SpindleError } from '../model/error.ts'
import type { KeySlotFacts } from '../model/image.ts'
import { roundUp } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { isOn, readLuks1 } from './luks1-header.ts'
import type { HeaderPlace } from './luks1-header.ts'
import { newSlot, openSlot } from './luks1-keys.ts'
import { FIRST_SLOT, KEY_SLOT, SECTOR, SLOT_OFF } from './luks1-layout.ts'
import type { KeySlotFields } from './luks1-layout.ts'
import { knownCipher } from './luks1-volume.ts'

export interface NewKey {
  /** One that opens the volume already, and where it is known a slot that it opens. */
  readonly known: Uint8Array
  readonly knownSlot?: number
  readonly added: Uint8Array
  /** Number of a slot that is off. */
  readonly slot: number
  /** What trying the passphrase is to take on this machine. */
  readonly milliseconds: number
}

/** Of a volume under a header of version 1. */
export class KeySlots {
  readonly #storage: Storage
  readonly #place: HeaderPlace

  constructor(storage: Storage, place: HeaderPlace) {
    this.#storage = storage
    this.#place = place
  }

  async list(): Promise<readonly KeySlotFacts[]> {
    const { slots } = await this.#header()
    return slots.map((slot, number) => ({
      slot: number,
      active: isOn(slot),
      ...(isOn(slot) && { iterations: slot.iterations }),
    }))
  }

  /** Everything that opens the volume: whoever has it and a passphrase of today has the data, whatever changes later. */
  async backup(): Promise<Uint8Array> {
    const { fields } = await this.#header()
    const bytes = new Uint8Array(Math.min(fields.payload_offset * SECTOR, this.#place.length))
    const count = await this.#storage.read(this.#place.offset, bytes)
    return bytes.subarray(0, count)
  }

  /** The slots that this passphrase opens. */
  async openedBy(passphrase: Uint8Array): Promise<readonly number[]> {
    const header = await this.#header()
    const cipher = knownCipher(header, this.#storage.name)
    const found: number[] = []
    for (const slot of header.slots.keys()) {
      const opened = await openSlot(this.#storage, this.#place, { ...header, cipher }, passphrase, slot)
      opened?.key.fill(0)
      if (opened) found.push(slot)
    }
    return found
  }

  /** Durable when it returns. Throws `locked` when the known passphrase opens nothing. */
  async add({ known, knownSlot, added, slot, milliseconds }: NewKey): Promise<void> {
    const header = await this.#header()
    const cipher = knownCipher(header, this.#storage.name)
    const old = header.slots[slot]
    if (!old || isOn(old)) throw new SpindleError('invalid-argument', `There is no free key slot ${slot}.`)
    const opened = await openSlot(this.#storage, this.#place, { ...header, cipher }, known, knownSlot)
    if (!opened)
      throw new SpindleError(
        'locked',
        `The passphrase given does not open ${this.#storage.name}. Nothing was changed.`,
        {
          path: this.#storage.name,
        },
      )
    const { hash_spec: hash } = header.fields
    const { fields, material } = await newSlot(opened.key, added, { cipher, hash, milliseconds, old })
    opened.key.fill(0)
    await this.#storage.write(this.#place.offset + old.key_offset * SECTOR, material)
    await this.#storage.flush()
    await this.#writeSlot(slot, fields)
  }

  /** Overwrites the key material with noise, and only when that is durable says that the slot is off. */
  async erase(slot: number): Promise<void> {
    const { fields, slots } = await this.#header()
    const old = slots[slot]
    if (!old) throw new SpindleError('invalid-argument', `There is no key slot ${slot}.`)
    const noise = randomBytes(roundUp(fields.key_bytes * old.stripes, SECTOR))
    await this.#storage.write(this.#place.offset + old.key_offset * SECTOR, noise)
    await this.#storage.flush()
    await this.#writeSlot(slot, { ...old, state: SLOT_OFF, iterations: 0, salt: new Uint8Array(old.salt.length) })
  }

  async #writeSlot(slot: number, fields: KeySlotFields): Promise<void> {
    await this.#storage.write(this.#place.offset + FIRST_SLOT + slot * KEY_SLOT.size, KEY_SLOT.encode(fields))
    await this.#storage.flush()
  }

  #header() {
    return readLuks1(this.#storage, this.#place)
  }
}
