// Entries of L1 and L2 tables and reference counts, bit for bit as other programs write them.

import { describe, expect, test } from 'vitest'
import { UNALLOCATED, adjacentRun, decodeL1, decodeL2, encodeL2 } from '../../core/formats/qcow2/entries.ts'
import { geometryOf } from '../../core/formats/qcow2/geometry.ts'
import type { Geometry } from '../../core/formats/qcow2/geometry.ts'
import { INCOMPATIBLE } from '../../core/formats/qcow2/layout.ts'
import { countAccess } from '../../core/formats/qcow2/refcount-width.ts'
import { GiB } from '../../core/model/units.ts'

interface Shape {
  readonly clusterBits?: number
  readonly version?: number
  readonly features?: bigint
}

function shaped({ clusterBits = 16, version = 3, features = 0n }: Shape = {}): Geometry {
  return geometryOf({
    version,
    size: GiB,
    cluster_bits: clusterBits,
    refcount_order: 4,
    incompatible_features: features,
  })
}

function words(...values: readonly bigint[]): DataView {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setBigUint64(index * 8, value)
  return view
}

const standard = { kind: 'standard', copied: false, allocated: 0, zero: 0 }
const extended = shaped({ features: INCOMPATIBLE.extendedL2 })
const external = shaped({ features: INCOMPATIBLE.externalData })

describe('an L2 entry', () => {
  test.each([
    [0n, { ...standard, offset: undefined }],
    [0x8000_0000_0005_0000n, { ...standard, offset: 0x5_0000, copied: true, allocated: 1 }],
    [0x5_0000n, { ...standard, offset: 0x5_0000, allocated: 1 }],
    [1n, { ...standard, offset: undefined, zero: 1 }],
    [0x8000_0000_0005_0001n, { ...standard, offset: 0x5_0000, copied: true, zero: 1 }],
    [0x80ff_ffff_ffff_0000n, { ...standard, offset: 0xff_ffff_ffff_0000, copied: true, allocated: 1 }],
  ])('0x%s stands for one state, and is written back the same', (word, entry) => {
    const view = words(word)
    const decoded = decodeL2(shaped(), view, 0)
    expect(decoded).toEqual(entry)
    if (decoded.kind === 'invalid') throw new Error(decoded.problem)
    encodeL2(shaped(), view, 0, UNALLOCATED)
    encodeL2(shaped(), view, 0, decoded)
    expect(view.getBigUint64(0)).toBe(word)
  })

  test('of a compressed cluster counts sectors from the one its stream begins in', () => {
    const entry = { kind: 'compressed', offset: 0x5_0000, length: 20_480 } as const
    const view = words(0x49c0_0000_0005_0000n)
    expect(decodeL2(shaped(), view, 0)).toEqual(entry)
    encodeL2(shaped(), view, 0, entry)
    expect(view.getBigUint64(0)).toBe(0x49c0_0000_0005_0000n)
  })

  test.each([9, 12, 16, 21])('of a compressed cluster of 2^%i bytes is written back the same', (clusterBits) => {
    const geometry = shaped({ clusterBits })
    for (const offset of [2 ** 22 + 1, 2 ** 22 + 511, 2 ** 40 + 100]) {
      for (const sectors of [1, 2, (2 ** clusterBits / 512) * 2]) {
        const entry = { kind: 'compressed', offset, length: sectors * 512 - (offset % 512) } as const
        const view = words(0n)
        encodeL2(geometry, view, 0, entry)
        expect(decodeL2(geometry, view, 0)).toEqual(entry)
      }
    }
  })

  test.each([
    ['2 KiB written at 2 KiB', 0x8000_0000_0005_0000n, 0x2n, { allocated: 2, zero: 0, offset: 0x5_0000, copied: true }],
    ['all zeros', 0n, 0xffff_ffff_0000_0000n, { allocated: 0, zero: 0xffff_ffff, offset: undefined }],
    ['mixed', 0x8000_0000_0006_0000n, 0x6_0000_00c0n, { allocated: 0xc0, zero: 6, offset: 0x6_0000, copied: true }],
  ])('with subclusters, %s, tells each part by itself', (_name, first, second, entry) => {
    const view = words(first, second)
    const decoded = decodeL2(extended, view, 0)
    expect(decoded).toEqual({ ...standard, ...entry })
    if (decoded.kind === 'invalid') throw new Error(decoded.problem)
    encodeL2(extended, view, 0, UNALLOCATED)
    encodeL2(extended, view, 0, decoded)
    expect([view.getBigUint64(0), view.getBigUint64(8)]).toEqual([first, second])
  })

  test('in an external data file may lead to offset 0', () => {
    expect(decodeL2(external, words(2n ** 63n), 0)).toMatchObject({ offset: 0, allocated: 1 })
    expect(decodeL2(external, words(0n), 0)).toMatchObject({ offset: undefined, allocated: 0 })
  })

  test.each([
    ['a reserved high bit', shaped(), [0x8100_0000_0005_0000n]],
    ['a reserved low bit', shaped(), [0x8000_0000_0005_0002n]],
    ['the zero flag in version 2', shaped({ version: 2 }), [1n]],
    ['the zero flag beside subclusters', extended, [1n, 0n]],
    ['a place off the cluster boundary', shaped(), [0x8000_0000_0005_0200n]],
    ['the header as its place', shaped(), [2n ** 63n]],
    ['compressed and copied', shaped(), [0xc9c0_0000_0005_0000n]],
    ['compressed in an external data file', external, [0x49c0_0000_0005_0000n]],
    ['compressed with subclusters', extended, [0x49c0_0000_0005_0000n, 1n]],
    ['compressed inside the header', shaped(), [0x4000_0000_0000_0100n]],
    ['a subcluster both zero and allocated', extended, [0x8000_0000_0005_0000n, 0x1_0000_0001n]],
    ['allocated subclusters without a place', extended, [0n, 1n]],
  ])('with %s is called damaged', (_name, geometry, values) => {
    expect(decodeL2(geometry, words(...values), 0).kind).toBe('invalid')
  })
})

test('an L1 entry leads to a table, to none, or is damaged', () => {
  const view = words(0n, 0x8000_0000_0004_0000n, 0x4_0000n, 0x4_0200n, 0xff00_0000_0004_0000n, 2n ** 63n)
  const entries = Array.from({ length: 6 }, (_, index) => decodeL1(shaped(), view, index))
  expect(entries.map((entry) => entry.kind)).toEqual(['none', 'table', 'table', 'invalid', 'invalid', 'none'])
  expect(entries[1]).toEqual({ kind: 'table', offset: 0x4_0000, copied: true })
})

test('a run of adjacent clusters ends where the file leaves the order, also past 4 GiB', () => {
  const start = 0x8000_0000_fffe_0000n
  const view = words(start, start + 0x1_0000n, start + 0x2_0000n, start + 0x4_0000n)
  expect(adjacentRun(shaped(), view, 0, 4)).toBe(3)
  expect(adjacentRun(shaped(), view, 1, 2)).toBe(1)
})

describe.each([1, 2, 4, 8, 16, 32, 64])('reference counts of %i bits', (bits) => {
  test('keep to themselves', () => {
    const access = countAccess(bits)
    const view = new DataView(new ArrayBuffer(128))
    const largest = Math.min(access.max, 2 ** 53 - 1)
    for (let index = 0; index < 16; index += 1) access.set(view, index, index % 2 === 0 ? largest : 0)
    access.set(view, 3, 1)
    access.set(view, 4, 0)
    const read = Array.from({ length: 16 }, (_, index) => access.get(view, index))
    expect(read).toEqual([largest, 0, largest, 1, 0, 0, largest, 0, largest, 0, largest, 0, largest, 0, largest, 0])
  })
})

test('counts narrower than a byte fill it from its lowest bit on', () => {
  const view = new DataView(new ArrayBuffer(8))
  for (let index = 0; index < 8; index += 1) countAccess(1).set(view, index, 1)
  expect(view.getUint8(0)).toBe(0xff)
  countAccess(4).set(view, 2, 5)
  expect(view.getUint8(1)).toBe(5)
  countAccess(16).set(view, 2, 0x1234)
  expect([view.getUint8(4), view.getUint8(5)]).toEqual([0x12, 0x34])
})
