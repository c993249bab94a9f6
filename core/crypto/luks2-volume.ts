// A volume under a LUKS header of version 2.

import * as crypto from 'node:crypto'
import { SpindleError } from '../model/error.ts'
import { roundUp } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { merge } from './anti-forensic.ts'
import { derivedKey, hashSize } from './hash.ts'
import type { HeaderPlace } from './luks1-header.ts'
import { SECTOR, STRIPES } from './luks1-layout.ts'
import { readLuks2 } from './luks2-header.ts'
import type { Luks2Header } from './luks2-header.ts'
import { luks2Metadata } from './luks2-metadata.ts'
import type { KeyDerivation, Luks2Metadata, Luks2Slot } from './luks2-metadata.ts'
import { sectorCipher, unknownCipher } from './sector-cipher.ts'
import { findKey } from './volume.ts'
import type { Volume } from './volume.ts'

/** Rounds of PBKDF2 that a pass over one KiB of memory takes as long as. */
const ROUNDS_PER_KIB = 7
/** KiB that are taken without asking: what LUKS itself chooses at most. */
const USUAL_MEMORY = 2 ** 20

export async function luks2Volume(storage: Storage, place: HeaderPlace): Promise<Volume> {
  const header = await readLuks2(storage, place)
  const metadata = luks2Metadata(header, storage.name)
  const { segment, slots } = metadata
  return {
    version: 2,
    details: detailsOf(header, metadata),
    payload: {
      start: segment.offset,
      shift: segment.tweak * SECTOR,
      sectorSize: segment.sectorSize,
      ...(segment.size !== undefined && { length: segment.size }),
    },
    unlock: async (secrets, id) => {
      const { cipher } = segment
      const keyBytes = slots[0]?.keyBytes ?? 0
      if (!cipher || slots.length === 0) {
        const reason = cipher
          ? 'none of its key slots is of a kind Spindle knows.'
          : unknownCipher(segment.encryption, keyBytes).message
        throw new SpindleError('unsupported', `${storage.name} cannot be unlocked: ${reason} Nothing was changed.`, {
          path: storage.name,
        })
      }
      const key = await findKey(
        {
          path: storage.name,
          header: header.raw,
          rounds: roundsOf(metadata),
          tryPassphrase: async (passphrase) => openSlots(storage, place, metadata, passphrase),
        },
        secrets,
        id,
      )
      try {
        return sectorCipher(cipher, key, segment.sectorSize)
      } finally {
        key.fill(0)
      }
    },
  }
}

async function openSlots(
  storage: Storage,
  place: HeaderPlace,
  { slots, digest }: Luks2Metadata,
  passphrase: Uint8Array,
): Promise<Uint8Array | undefined> {
  for (const slot of slots) {
    const key = await keyOf(storage, place, slot, passphrase)
    const { hash, iterations, salt, value } = digest
    const own = await derivedKey(key, { hash, salt, iterations, length: value.length })
    if (crypto.timingSafeEqual(own, value)) return key
    key.fill(0)
  }
  return undefined
}

async function keyOf(
  storage: Storage,
  place: HeaderPlace,
  slot: Luks2Slot,
  passphrase: Uint8Array,
): Promise<Uint8Array> {
  const { area, keyBytes, stripes, splitHash } = slot
  const size = keyBytes * stripes
  const material = new Uint8Array(roundUp(size, SECTOR))
  if (material.length > area.size || material.length > keyBytes * STRIPES + SECTOR)
    throw new SpindleError(
      'invalid-image',
      `${storage.name} has a damaged LUKS header: key slot ${slot.number} is too small for its key. Nothing was changed.`,
    )
  await storage.read(place.offset + area.offset, material)
  const slotKey = await derived(passphrase, slot.derivation, area.keyBytes)
  sectorCipher(area.cipher, slotKey).decrypt(0, material)
  slotKey.fill(0)
  const key = merge(material.subarray(0, size), stripes, splitHash)
  material.fill(0)
  return key
}

async function derived(passphrase: Uint8Array, how: KeyDerivation, length: number): Promise<Uint8Array> {
  if (how.kind === 'pbkdf2') return derivedKey(passphrase, { ...how, length })
  // Where the program runs on another cryptographic library, that may have none.
  if (!('argon2' in crypto))
    throw new SpindleError(
      'unsupported',
      'This program was built without Argon2, which the passphrase needs. Nothing was changed.',
    )
  const { kind, memory, passes, lanes, salt } = how
  const parameters = { message: passphrase, nonce: salt, parallelism: lanes, tagLength: length, memory, passes }
  return new Promise((resolve, reject) => {
    crypto.argon2(kind, parameters, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function roundsOf({ slots, digest }: Luks2Metadata): number {
  return slots.reduce(
    (sum, { derivation, keyBytes }) => sum + roundsOfSlot(derivation, keyBytes) + digest.iterations,
    0,
  )
}

function roundsOfSlot(how: KeyDerivation, keyBytes: number): number {
  if (how.kind === 'pbkdf2') return how.iterations * Math.ceil(keyBytes / hashSize(how.hash))
  const unusual = how.memory > USUAL_MEMORY ? 2 ** 28 : 0
  return how.passes * how.memory * ROUNDS_PER_KIB + unusual
}

/** LUKS’s own words: qemu-img has none for this version. */
function detailsOf(
  { uuid, label, subsystem }: Luks2Header,
  { segment, slots, digest }: Luks2Metadata,
): Record<string, unknown> {
  return {
    version: 2,
    uuid,
    ...(label !== '' && { label }),
    ...(subsystem !== '' && { subsystem }),
    encryption: segment.encryption,
    'sector-size': segment.sectorSize,
    slots: slots.map(({ number, keyBytes, derivation }) => ({
      number: Number(number),
      'key-bits': keyBytes * 8,
      kdf: derivation.kind,
      ...(derivation.kind === 'pbkdf2'
        ? { hash: derivation.hash, iters: derivation.iterations }
        : { memory: derivation.memory, time: derivation.passes, cpus: derivation.lanes }),
    })),
    'payload-offset': segment.offset,
    'master-key-iters': digest.iterations,
  }
}
