// The anti-forensic splitter of LUKS: a key spread over so many bytes that losing any of them loses it.

import { randomBytes } from 'node:crypto'
import { hashOf, hashSize } from './hash.ts'

/** `stripes` times as long as the key. */
export function split(key: Uint8Array, stripes: number, hash: string): Uint8Array {
  const size = key.length
  const spread = randomBytes(size * stripes)
  const last = spread.subarray(size * (stripes - 1))
  last.set(key)
  xor(last, diffused(spread, size, stripes, hash))
  return spread
}

export function merge(spread: Uint8Array, stripes: number, hash: string): Uint8Array {
  const size = spread.length / stripes
  const key = diffused(spread, size, stripes, hash)
  xor(key, spread.subarray(size * (stripes - 1)))
  return key
}

/** All stripes but the last one, each mixed into the hash of those before. */
function diffused(spread: Uint8Array, size: number, stripes: number, hash: string): Uint8Array {
  let sum = new Uint8Array(size)
  for (let stripe = 0; stripe < stripes - 1; stripe += 1) {
    xor(sum, spread.subarray(stripe * size, (stripe + 1) * size))
    const next = diffuse(sum, hash)
    sum.fill(0)
    sum = next
  }
  return sum
}

function diffuse(block: Uint8Array, hash: string): Uint8Array<ArrayBuffer> {
  const piece = hashSize(hash)
  const result = new Uint8Array(block.length)
  const number = new Uint8Array(4)
  for (let index = 0; index * piece < block.length; index += 1) {
    new DataView(number.buffer).setUint32(0, index)
    const part = block.subarray(index * piece, (index + 1) * piece)
    result.set(hashOf(hash, number, part).subarray(0, part.length), index * piece)
  }
  return result
}

function xor(into: Uint8Array, other: Uint8Array): void {
  for (let index = 0; index < into.length; index += 1) into[index] = (into[index] ?? 0) ^ (other[index] ?? 0)
}
