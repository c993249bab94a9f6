// CRC-32C, the checksum of Castagnoli: eight bytes a step, by tables.

/** The polynomial with its bits reversed, as it is used on bytes whose lowest bit comes first. */
const POLYNOMIAL = 0x82f6_3b78
const SLICES = 8

/** Table n says what a byte does to the checksum when n more bytes follow it. */
const TABLES = makeTables()

/** Of `bytes`, or of what `before` is the checksum of with `bytes` behind it. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  let at = 0
  for (const end = bytes.length - SLICES; at <= end; at += SLICES) {
    const low = crc ^ word(bytes, at)
    const high = word(bytes, at + 4)
    crc =
      step(7, low) ^
      step(6, low >>> 8) ^
      step(5, low >>> 16) ^
      step(4, low >>> 24) ^
      step(3, high) ^
      step(2, high >>> 8) ^
      step(1, high >>> 16) ^
      step(0, high >>> 24)
  }
  for (; at < bytes.length; at += 1) crc = step(0, crc ^ (bytes[at] ?? 0)) ^ (crc >>> 8)
  return ~crc >>> 0
}

function step(table: number, value: number): number {
  return TABLES[(table << 8) | (value & 0xff)] ?? 0
}

function word(bytes: Uint8Array, at: number): number {
  const [first, second, third] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0]
  return first | (second << 8) | (third << 16) | ((bytes[at + 3] ?? 0) << 24)
}

function makeTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0)
    tables[byte] = crc
  }
  for (let index = 256; index < tables.length; index += 1) {
    const shorter = tables[index - 256] ?? 0
    tables[index] = (shorter >>> 8) ^ (tables[shorter & 0xff] ?? 0)
  }
  return tables
}
