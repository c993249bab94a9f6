// Sector ciphers against published vectors and the native modes: same bytes for every key, sector number and length.

import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { CipherName } from '../../core/crypto/cipher-name.ts'
import { parseCipher, printedCipher } from '../../core/crypto/cipher-name.ts'
import { sectorCipher } from '../../core/crypto/sector-cipher.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const XTS: CipherName = { algorithm: 'aes', mode: 'xts', vectors: 'plain64' }

/** IEEE 1619-2007, annex B: vectors 4 and 10 are whole sectors of 512 bytes whose plain bytes count from 0 to 255. */
const COUNTING = Uint8Array.from({ length: 512 }, (_, index) => index % 256)
const VECTORS = [
  {
    name: 'vector 4, 128 bits, sector 0',
    key: '2718281828459045235360287471352631415926535897932384626433832795',
    sector: 0,
    start: '27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c',
  },
  {
    name: 'vector 10, 256 bits, sector 255',
    key: '27182818284590452353602874713526624977572470936999595749669676273141592653589793238462643383279502884197169399375105820974944592',
    sector: 255,
    start: '1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b',
  },
] as const

for (const { name, key, sector, start } of VECTORS) {
  test(`XTS gives what IEEE 1619 prints: ${name}`, () => {
    const cipher = sectorCipher(XTS, Buffer.from(key, 'hex'))
    const data = new Uint8Array(COUNTING)
    cipher.encrypt(sector, data)
    const hex = Buffer.from(data).toString('hex')
    expect(hex.slice(0, start.length)).toBe(start)
    cipher.decrypt(sector, data)
    expect(data).toEqual(COUNTING)
  })
}

describe.for(seeds())('seed %i', (seed) => {
  for (const mode of ['xts', 'cbc'] as const) {
    for (const bits of [128, 192, 256]) {
      // Node has no native AES-192-XTS.
      if (mode === 'xts' && bits === 192) continue
      test(`${mode} with ${bits} bits equals the native cipher, sector by sector`, () => {
        const random = randomFrom(seed)
        const key = random.bytes((bits / 8) * (mode === 'xts' ? 2 : 1))
        // Node's own XTS refuses a key with two equal halves.
        if (mode === 'xts') key[0] = (key[bits / 8] ?? 0) ^ 1
        const cipher = sectorCipher({ algorithm: 'aes', mode, vectors: 'plain64' }, key)
        for (const count of [1, 7, 128, 300]) {
          const first = random.below(2 ** 31) * 2 ** random.below(20)
          // At an odd place in memory as well.
          const plain = new Uint8Array(random.bytes(count * 512 + 1).buffer, random.below(2), count * 512)
          const expected = nativeSectors(`aes-${bits}-${mode}`, key, first, plain)
          const data = Buffer.from(new Uint8Array(plain))
          cipher.encrypt(first, data)
          expect(data.equals(expected), `${count} sectors from ${first}`).toBe(true)
          cipher.decrypt(first, data)
          expect(data.equals(plain)).toBe(true)
        }
      })
    }
  }

  test('every mode and vector gives back what went in, also in parts and in larger sectors', () => {
    const random = randomFrom(seed)
    for (const text of ['xts-plain', 'xts-essiv:sha256', 'cbc-plain', 'cbc-essiv:sha256', 'ecb']) {
      const name = parseCipher('aes', text)
      if (!name) throw new Error(text)
      expect(printedCipher(name)).toBe(`aes-${text}`)
      const key = random.bytes(32)
      const plain = random.bytes(64 * 512)
      const whole = new Uint8Array(plain)
      sectorCipher(name, key).encrypt(1000, whole)
      const parts = new Uint8Array(plain)
      const cipher = sectorCipher(name, key)
      for (const [from, to] of [
        [40, 64],
        [0, 3],
        [3, 40],
      ] as const)
        cipher.encrypt(1000 + from, parts.subarray(from * 512, to * 512))
      expect(parts).toEqual(whole)
      const large = sectorCipher(name, key, 4096)
      const data = new Uint8Array(plain)
      large.encrypt(8, data)
      large.decrypt(8, data)
      expect(data).toEqual(plain)
    }
  })
})

test('other ciphers are named and refused', () => {
  for (const algorithm of ['serpent', 'twofish', 'cast5'])
    expect(() => sectorCipher({ ...XTS, algorithm }, new Uint8Array(64))).toThrow(algorithm)
  expect(() => sectorCipher(XTS, new Uint8Array(20))).toThrow('160 bits')
  expect(parseCipher('aes', 'ctr-plain64')).toBeUndefined()
  expect(parseCipher('aes', 'cbc-essiv')).toBeUndefined()
})

function nativeSectors(name: string, key: Uint8Array, first: number, plain: Uint8Array): Buffer {
  const sectors = Array.from({ length: plain.length / 512 }, (_, index) => {
    const vector = Buffer.alloc(16)
    vector.writeBigUInt64LE(BigInt(first + index))
    return createCipheriv(name, key, vector)
      .setAutoPadding(false)
      .update(plain.subarray(index * 512, (index + 1) * 512))
  })
  return Buffer.concat(sectors)
}
