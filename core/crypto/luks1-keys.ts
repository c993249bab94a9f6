// Key slots of LUKS version 1: from a passphrase to the volume's key, and the other way round.

import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Storage } from '../storage/storage.ts'
import { roundUp } from '../model/units.ts'
import { merge, split } from './anti-forensic.ts'
import type { CipherName } from './cipher-name.ts'
import { derivedKey, iterationsFor } from './hash.ts'
import { isOn } from './luks1-header.ts'
import type { HeaderPlace, Luks1Header } from './luks1-header.ts'
import { DIGEST_SIZE, SECTOR, SLOT_ON, STRIPES } from './luks1-layout.ts'
import type { KeySlotFields, Luks1Fields } from './luks1-layout.ts'
import { sectorCipher } from './sector-cipher.ts'

const SALT_SIZE = 32

export interface OpenedSlot {
  /** Its number. */
  readonly slot: number
  readonly key: Uint8Array
}

/** Tries every slot that is on, or the one named. Undefined when the passphrase opens none. */
export async function openSlot(
  storage: Storage,
  place: HeaderPlace,
  header: Luks1Header & { readonly cipher: CipherName },
  passphrase: Uint8Array,
  only?: number,
): Promise<OpenedSlot | undefined> {
  for (const [slot, fields] of header.slots.entries()) {
    if (!isOn(fields) || (only !== undefined && only !== slot)) continue
    const key = await keyOf(storage, place, header, fields, passphrase)
    if (await isVolumeKey(header.fields, key)) return { slot, key }
    key.fill(0)
  }
  return undefined
}

async function keyOf(
  storage: Storage,
  place: HeaderPlace,
  { fields, cipher }: Luks1Header & { readonly cipher: CipherName },
  slot: KeySlotFields,
  passphrase: Uint8Array,
): Promise<Uint8Array> {
  const { key_bytes: length, hash_spec: hash } = fields
  const slotKey = await derivedKey(passphrase, { hash, salt: slot.salt, iterations: slot.iterations, length })
  const size = length * slot.stripes
  const material = new Uint8Array(roundUp(size, SECTOR))
  await storage.read(place.offset + slot.key_offset * SECTOR, material)
  sectorCipher(cipher, slotKey).decrypt(0, material)
  slotKey.fill(0)
  const key = merge(material.subarray(0, size), slot.stripes, hash)
  material.fill(0)
  return key
}

async function isVolumeKey(fields: Luks1Fields, key: Uint8Array): Promise<boolean> {
  return timingSafeEqual(await digestOf(fields, key), fields.key_digest)
}

async function digestOf(
  fields: Pick<Luks1Fields, 'hash_spec' | 'key_digest_salt' | 'key_digest_iterations'>,
  key: Uint8Array,
): Promise<Uint8Array> {
  return derivedKey(key, {
    hash: fields.hash_spec,
    salt: fields.key_digest_salt,
    iterations: fields.key_digest_iterations,
    length: DIGEST_SIZE,
  })
}

/** The digest fields by which a key is known. */
export async function newDigest(
  key: Uint8Array,
  hash: string,
  milliseconds: number,
): Promise<Pick<Luks1Fields, 'key_digest' | 'key_digest_salt' | 'key_digest_iterations'>> {
  const salt = {
    key_digest_salt: randomBytes(SALT_SIZE),
    key_digest_iterations: await iterationsFor(milliseconds, hash, DIGEST_SIZE),
  }
  return { ...salt, key_digest: await digestOf({ hash_spec: hash, ...salt }, key) }
}

export interface NewSlot {
  readonly fields: KeySlotFields
  /** To be written where the slot says, before the slot itself. */
  readonly material: Uint8Array
}

/** The slot as it will be once `passphrase` opens it. */
export async function newSlot(
  key: Uint8Array,
  passphrase: Uint8Array,
  how: {
    readonly cipher: CipherName
    readonly hash: string
    readonly milliseconds: number
    readonly old: KeySlotFields
  },
): Promise<NewSlot> {
  const { cipher, hash, milliseconds, old } = how
  const salt = randomBytes(SALT_SIZE)
  const iterations = await iterationsFor(milliseconds, hash, key.length)
  const slotKey = await derivedKey(passphrase, { hash, salt, iterations, length: key.length })
  const spread = split(key, STRIPES, hash)
  const material = new Uint8Array(roundUp(spread.length, SECTOR))
  material.set(spread)
  spread.fill(0)
  sectorCipher(cipher, slotKey).encrypt(0, material)
  slotKey.fill(0)
  return { fields: { ...old, state: SLOT_ON, iterations, salt, stripes: STRIPES }, material }
}
