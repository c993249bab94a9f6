import { assert, nat, property } from 'fast-check'
import { expect, test } from 'vitest'
import { GiB, KiB, MiB, TiB, formatSize, parseSize } from '../../core/model/units.ts'

test('sizes are read the way people type them', () => {
  expect(parseSize('20G')).toBe(20 * GiB)
  expect(parseSize(' 1.5 TiB ')).toBe(1.5 * TiB)
  expect(parseSize('1,5 Tio')).toBe(1.5 * TiB)
  expect(parseSize('512')).toBe(512)
  expect(parseSize('64k')).toBe(64 * KiB)
  expect(parseSize('.5M')).toBe(MiB / 2)
})

test('what is no size is not guessed at', () => {
  for (const text of ['', 'G', '-1G', '20 X', '1e3', '0x10', '9E', '1.2.3', 'ten'])
    expect(parseSize(text), text).toBeUndefined()
})

test('sizes are shown with three digits and their unit', () => {
  expect(formatSize(0)).toBe('0 B')
  expect(formatSize(512)).toBe('512 B')
  expect(formatSize(196 * KiB)).toBe('196 KiB')
  expect(formatSize(11.24 * GiB)).toBe('11.2 GiB')
  expect(formatSize(1.254 * GiB)).toBe('1.25 GiB')
  expect(formatSize(1023.9 * MiB)).toBe('1 GiB')
  expect(formatSize(40 * GiB, 'fr')).toBe('40 Gio')
})

test('a size that is shown can be typed again, and means nearly the same', () => {
  assert(
    property(nat({ max: 7 * 1024 * TiB }), (bytes) => {
      const again = parseSize(formatSize(bytes).replaceAll(',', ''))
      expect(again).toBeDefined()
      expect(Math.abs((again ?? 0) - bytes)).toBeLessThanOrEqual(bytes * 0.006)
    }),
  )
})
