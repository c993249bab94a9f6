// What is typed into the filter field, and what it leaves.

import { describe, expect, test } from 'vitest'
import { GiB } from '../../core/model/index.ts'
import { askedFormats, matches, parseFilter, withFormats } from '../../renderer/features/library/filter.ts'
import { volume } from './volumes.ts'

const volumes = [
  volume('debian12.qcow2', { virtualSize: 40 * GiB, allocatedSize: 11 * GiB, backing: 'my base.qcow2' }),
  volume('Debian-old.raw', { format: 'raw', virtualSize: 20 * GiB }),
  volume('win11.qcow2', { virtualSize: 80 * GiB, allocatedSize: 61 * GiB }),
]

function left(text: string): readonly string[] {
  const terms = parseFilter(text)
  return volumes.filter((one) => matches(terms, one)).map((one) => one.name)
}

function shown(filter: string, facts: Parameters<typeof volume>[1]): boolean {
  return matches(parseFilter(filter), volume('disk.qcow2', facts))
}

describe('the filter', () => {
  test('a filter knows what is in use, what has lost its base, and how many lie on it', () => {
    expect(shown('in-use', { inUse: { machine: 'web1' } })).toBe(true)
    expect(shown('in-use', {})).toBe(false)
    expect(shown('missing', { parentMissing: true })).toBe(true)
    expect(shown('overlays>=2 snapshots=0', { overlayCount: 2, snapshotCount: 0 })).toBe(true)
    expect(shown('overlays>2', { overlayCount: 2 })).toBe(false)
  })

  test('finds words of the name, whatever their case', () => {
    expect(left('DEB')).toEqual(['debian12.qcow2', 'Debian-old.raw'])
    expect(left('deb old')).toEqual(['Debian-old.raw'])
  })

  test('takes formats, several with commas', () => {
    expect(left('format:raw')).toEqual(['Debian-old.raw'])
    expect(left('format:raw,qcow2 deb')).toEqual(['debian12.qcow2', 'Debian-old.raw'])
  })

  test('compares the size of the disk and what it takes on disk', () => {
    expect(left('size>20G')).toEqual(['debian12.qcow2', 'win11.qcow2'])
    expect(left('size>=20G')).toHaveLength(3)
    expect(left('size=40GiB')).toEqual(['debian12.qcow2'])
    expect(left('disk<2G')).toEqual(['Debian-old.raw'])
    expect(left('size>20G disk<20G')).toEqual(['debian12.qcow2'])
  })

  test('takes quotes around words with spaces', () => {
    expect(left('parent:"my base"')).toEqual(['debian12.qcow2'])
    expect(left('"no such"')).toEqual([])
  })

  test('does not hide everything while a term is still being typed', () => {
    expect(left('size>')).toHaveLength(3)
    expect(left('format:')).toHaveLength(3)
    expect(left('   ')).toHaveLength(3)
  })

  test('treats what is no size as text', () => {
    expect(left('size>much')).toEqual([])
  })

  test('leaves out volumes whose size is not known when sizes are compared', () => {
    const { virtualSize: _unknown, ...unsized } = volume('broken.qcow2')
    expect(matches(parseFilter('size<1T'), unsized)).toBe(false)
  })
})

describe('the format menu', () => {
  test('shows and changes what the text asks for, and keeps the other words', () => {
    expect(askedFormats('deb format:raw,qcow2')).toEqual(['raw', 'qcow2'])
    expect(withFormats('deb format:raw "my base"', ['qcow2'])).toBe('format:qcow2 deb "my base"')
    expect(withFormats('deb format:raw', [])).toBe('deb')
  })
})
