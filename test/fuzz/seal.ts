// Checksums put right after damage: as someone would who means harm.

import { FIRST_SLOT, KEY_SLOT, KEY_SLOTS, LUKS1_HEADER } from '../../core/crypto/luks1-layout.ts'
import { crc32c } from '../../core/bytes/crc32c.ts'
import { HEADER_OFFSETS, HEADER_SIZE, REGION_TABLE_OFFSETS, REGION_TABLE_SIZE } from '../../core/formats/vhdx/layout.ts'
import { checksumOf } from '../../core/formats/vpc/footer.ts'
import { DYNAMIC_HEADER, FOOTER, SECTOR } from '../../core/formats/vpc/layout.ts'
import { MiB } from '../../core/model/units.ts'

export function sealVpc(bytes: Uint8Array): void {
  const seal = (offset: number, length: number, place: number): void => {
    if (offset < 0 || offset + length > bytes.length) return
    const part = bytes.subarray(offset, offset + length)
    new DataView(part.buffer, part.byteOffset).setUint32(place, checksumOf(part, place))
  }
  seal(bytes.length - SECTOR, SECTOR, FOOTER.fields.checksum.offset)
  // A fixed disk holds the guest's data there.
  if (Buffer.from(bytes.subarray(0, 8)).toString() !== 'conectix') return
  seal(0, SECTOR, FOOTER.fields.checksum.offset)
  seal(SECTOR, DYNAMIC_HEADER.size, DYNAMIC_HEADER.fields.checksum.offset)
}

const LOG_AT = MiB
const CHECKSUM_AT = 4

export function sealVhdx(bytes: Uint8Array): void {
  const seal = (offset: number, length: number): void => {
    if (offset + length > bytes.length) return
    const part = bytes.subarray(offset, offset + length)
    const view = new DataView(part.buffer, part.byteOffset, length)
    view.setUint32(CHECKSUM_AT, 0, true)
    view.setUint32(CHECKSUM_AT, crc32c(part), true)
  }
  for (const offset of HEADER_OFFSETS) seal(offset, HEADER_SIZE)
  for (const offset of REGION_TABLE_OFFSETS) seal(offset, REGION_TABLE_SIZE)
  if (bytes.length < LOG_AT + 64 || Buffer.from(bytes.subarray(LOG_AT, LOG_AT + 4)).toString() !== 'loge') return
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(LOG_AT + 8, true)
  if (length >= 64 && length <= MiB) seal(LOG_AT, length)
}

const MOST_ROUNDS = 20_000
/** What asks for more than this is refused unless someone allows it. */
const REFUSED_ROUNDS = 2 ** 28

/** A passphrase that takes a minute to try is no fault. `offset` is that of the LUKS header. */
export function tameLuks(offset: number): (bytes: Uint8Array) => void {
  const slots = Array.from({ length: KEY_SLOTS }, (_, index) => FIRST_SLOT + index * KEY_SLOT.size)
  const places = [
    LUKS1_HEADER.fields.key_digest_iterations.offset,
    ...slots.map((slot) => slot + KEY_SLOT.fields.iterations.offset),
  ]
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const place of places) {
      if (offset + place + 4 > bytes.length) continue
      const rounds = view.getUint32(offset + place)
      if (rounds > MOST_ROUNDS && rounds <= REFUSED_ROUNDS) view.setUint32(offset + place, MOST_ROUNDS)
    }
  }
}
