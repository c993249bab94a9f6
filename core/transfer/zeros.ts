// Telling bytes that are all zero.

import { KiB } from '../model/units.ts'

const ZEROS = new Uint8Array(64 * KiB)

export function isZero(bytes: Uint8Array): boolean {
  const { length } = bytes
  if (length === 0) return true
  // Data mostly shows itself in one of these places, which is cheaper than a call to compare.
  if (bytes[0] !== 0 || bytes[length - 1] !== 0 || bytes[length >>> 1] !== 0) return false
  for (let at = 0; at < length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false
  }
  return true
}
