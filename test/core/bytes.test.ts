// Binary structures declared as field tables.

import { expect, test } from 'vitest'
import { bytes, size64, text, u16, u32, u8, word64 } from '../../core/bytes/field.ts'
import { Structure } from '../../core/bytes/structure.ts'
import { SpindleError } from '../../core/model/error.ts'

const place = { path: 'disk', offset: 4096 }

const fields = {
  kind: u8(0),
  flags: u16(2),
  count: u32(4),
  length: size64(8),
  features: word64(16),
  name: text(24, 8),
  id: bytes(32, 4),
}
const values = {
  kind: 7,
  flags: 0x1234,
  count: 0xfedc_ba98,
  length: 2 ** 40 + 3,
  features: 2n ** 63n + 1n,
  name: 'spindle',
  id: Uint8Array.of(1, 2, 3, 4),
}

test.each(['big', 'little'] as const)('a structure reads back what it wrote, %s-endian', (order) => {
  const structure = new Structure('record', order, fields)
  expect(structure.size).toBe(36)
  expect(structure.decode(structure.encode(values), place)).toEqual(values)
})

test('the byte order is that of the declaration', () => {
  const big = new Structure('record', 'big', { count: u32(0), length: size64(4) })
  const little = new Structure('record', 'little', { count: u32(0), length: size64(4) })
  const both = { count: 0x0102_0304, length: 0x0506_0708_090a }
  expect([...big.encode(both)]).toEqual([1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 9, 10])
  expect([...little.encode(both)]).toEqual([4, 3, 2, 1, 10, 9, 8, 7, 6, 5, 0, 0])
})

test('a text fills its room or ends at a NUL', () => {
  const structure = new Structure('record', 'big', { name: text(0, 4) })
  expect(structure.decode(new TextEncoder().encode('abcdef'), place)).toEqual({ name: 'abcd' })
  expect(structure.decode(new TextEncoder().encode('a\0cd'), place)).toEqual({ name: 'a' })
})

test('a size no disk can have is refused at its place in the file', () => {
  const structure = new Structure('record', 'big', { length: size64(8) })
  const huge = new Uint8Array(16).fill(0xff)
  expect(caught(() => structure.decode(huge, place))).toMatchObject({
    code: 'invalid-image',
    path: 'disk',
    offset: 4104,
    message: expect.stringContaining('length in its record') as string,
  })
})

test('a structure that is cut off is refused', () => {
  const structure = new Structure('record', 'big', fields)
  expect(caught(() => structure.decode(new Uint8Array(35), place))).toMatchObject({
    code: 'invalid-image',
    message: 'disk ends inside its record: 36 bytes belong there and 35 are left.',
  })
})

test('a structure may lie anywhere in a larger buffer', () => {
  const structure = new Structure('record', 'little', fields)
  const buffer = new Uint8Array(100)
  buffer.set(structure.encode(values), 11)
  expect(structure.decode(buffer.subarray(11), place)).toEqual(values)
})

function caught(work: () => unknown): SpindleError {
  try {
    work()
  } catch (error) {
    if (error instanceof SpindleError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
