// What the JSON part of a LUKS2 header says, held against the rules and against what Spindle can do.

import { SpindleError } from '../model/error.ts'
import { parseCipher } from './cipher-name.ts'
import type { CipherName } from './cipher-name.ts'
import { JsonValue } from './json-value.ts'
import { notLuks } from './luks1-header.ts'
import { MAX_KEY_BYTES } from './luks1-layout.ts'
import type { Luks2Header } from './luks2-header.ts'

const MOST_ITERATIONS = 2 ** 32 - 1
const MOST_SALT = 512
const MOST_SLOTS = 32
/** As much as LUKS itself allows, in KiB. */
const MOST_MEMORY = 4 * 2 ** 20

export type KeyDerivation =
  | { readonly kind: 'pbkdf2'; readonly hash: string; readonly iterations: number; readonly salt: Uint8Array }
  | {
      readonly kind: 'argon2i' | 'argon2id'
      readonly passes: number
      /** KiB. */
      readonly memory: number
      readonly lanes: number
      readonly salt: Uint8Array
    }

export interface Luks2Slot {
  readonly number: string
  readonly keyBytes: number
  readonly derivation: KeyDerivation
  readonly stripes: number
  readonly splitHash: string
  /** Of the key material; offset from the start of the header. */
  readonly area: {
    readonly offset: number
    readonly size: number
    readonly cipher: CipherName
    readonly keyBytes: number
  }
}

export interface Luks2Metadata {
  readonly segment: {
    readonly offset: number
    /** Undefined for as far as the file goes. */
    readonly size: number | undefined
    readonly encryption: string
    readonly cipher: CipherName | undefined
    readonly sectorSize: number
    /** Sectors added to where a vector is counted from. */
    readonly tweak: number
  }
  /** Those that open the segment. */
  readonly slots: readonly Luks2Slot[]
  readonly digest: {
    readonly hash: string
    readonly iterations: number
    readonly salt: Uint8Array
    readonly value: Uint8Array
  }
}

/** Throws `invalid-image` for what breaks the rules, `unsupported` for what Spindle has no part for. */
export function luks2Metadata({ json }: Luks2Header, path: string): Luks2Metadata {
  const root = new JsonValue(json, '', (what) => {
    throw notLuks(path, what, 4096)
  })
  const unsupported = (what: string): never => {
    throw new SpindleError('unsupported', `${path} is a LUKS2 volume ${what}. Nothing was changed.`, { path })
  }
  const config = root.get('config')
  if (config.has('requirements') && config.get('requirements').has('mandatory'))
    unsupported('with requirements that Spindle does not know, such as an encryption that is under way')
  const segments = root.get('segments').entries()
  const [first, ...others] = segments
  if (!first || others.length > 0)
    return unsupported(`with ${segments.length} segments, and Spindle reads those with one`)
  const [segmentName, segment] = first
  if (segment.get('type').text() !== 'crypt') unsupported('whose segment is not encrypted as usual')
  if (segment.has('integrity')) unsupported('with checksums of its sectors, which Spindle cannot read')
  const [, digest] = root
    .get('digests')
    .entries()
    .find(([, one]) => one.get('segments').texts().includes(segmentName)) ?? [undefined, undefined]
  if (!digest) return unsupported('without a digest of its key')
  if (digest.get('type').text() !== 'pbkdf2') unsupported('with a digest Spindle does not know')
  const opening = digest.get('keyslots').texts()
  const slots = root.get('keyslots').entries()
  if (slots.length > MOST_SLOTS) unsupported(`with ${slots.length} key slots, and there can be ${MOST_SLOTS}`)
  const encryption = segment.get('encryption').text()
  const size = segment.get('size')
  return {
    segment: {
      offset: segment.get('offset').number(0, Number.MAX_SAFE_INTEGER),
      size: sizeOf(size),
      encryption,
      cipher: cipherOf(encryption),
      sectorSize: sectorSizeOf(segment.get('sector_size').number(512, 4096), unsupported),
      tweak: segment.get('iv_tweak').number(0, 2 ** 43),
    },
    slots: slots
      .filter(([number, slot]) => opening.includes(number) && slot.get('type').text() === 'luks2')
      .flatMap(([number, slot]) => slotOf(number, slot) ?? []),
    digest: {
      hash: digest.get('hash').text(),
      iterations: digest.get('iterations').number(1, MOST_ITERATIONS),
      salt: digest.get('salt').bytes(MOST_SALT),
      value: digest.get('digest').bytes(64),
    },
  }
}

function sizeOf(size: JsonValue): number | undefined {
  return size.isText('dynamic') ? undefined : size.number(512, Number.MAX_SAFE_INTEGER)
}

function sectorSizeOf(size: number, unsupported: (what: string) => never): number {
  return [512, 1024, 2048, 4096].includes(size) ? size : unsupported(`with sectors of ${size} bytes`)
}

/** Undefined for a slot of a kind Spindle does not know: the others may still open the volume. */
function slotOf(number: string, slot: JsonValue): Luks2Slot | undefined {
  const area = slot.get('area')
  const split = slot.get('af')
  const cipher = cipherOf(area.get('encryption').text())
  const derivation = derivationOf(slot.get('kdf'))
  if (area.get('type').text() !== 'raw' || split.get('type').text() !== 'luks1' || !cipher || !derivation)
    return undefined
  const keyBytes = slot.get('key_size').number(1, MAX_KEY_BYTES)
  return {
    number,
    keyBytes,
    derivation,
    stripes: split.get('stripes').number(2, 4000),
    splitHash: split.get('hash').text(),
    area: {
      offset: area.get('offset').number(0, Number.MAX_SAFE_INTEGER),
      size: area.get('size').number(1, Number.MAX_SAFE_INTEGER),
      cipher,
      keyBytes: area.get('key_size').number(1, MAX_KEY_BYTES),
    },
  }
}

function derivationOf(kdf: JsonValue): KeyDerivation | undefined {
  const kind = kdf.get('type').text()
  const salt = kdf.get('salt').bytes(MOST_SALT)
  switch (kind) {
    case 'pbkdf2':
      return { kind, hash: kdf.get('hash').text(), iterations: kdf.get('iterations').number(1, MOST_ITERATIONS), salt }
    case 'argon2i':
    case 'argon2id': {
      const lanes = kdf.get('cpus').number(1, 4)
      return {
        kind,
        passes: kdf.get('time').number(1, MOST_ITERATIONS),
        memory: kdf.get('memory').number(8 * lanes, MOST_MEMORY),
        lanes,
        salt,
      }
    }
    default:
      return undefined
  }
}

function cipherOf(encryption: string): CipherName | undefined {
  const at = encryption.indexOf('-')
  return at < 0 ? undefined : parseCipher(encryption.slice(0, at), encryption.slice(at + 1))
}
