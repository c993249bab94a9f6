// The table's own rules: order, selection, type-ahead, and names that do not fit.

import { describe, expect, test } from 'vitest'
import { rowAfterKey, selectRow, typeAhead } from '../../renderer/state/selection.ts'
import type { Selection } from '../../renderer/state/selection.ts'
import { sortKey } from '../../renderer/features/library/sort-key.ts'
import { cutMiddle } from '../../renderer/ui/middle.ts'

const ORDER = ['a', 'b', 'c', 'd', 'e']
const NOTHING: Selection = { selected: new Set(), active: undefined, anchor: undefined }

describe('order', () => {
  test('numbers in names count as numbers, capitals and accents stand beside their letters', () => {
    const names = ['disk10', 'disk2', 'Émile', 'eve', 'Disk1', 'zoo']
    const sorted = names.toSorted((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1))
    expect(sorted).toEqual(['Disk1', 'disk2', 'disk10', 'Émile', 'eve', 'zoo'])
  })
})

describe('selection', () => {
  test('a click selects one row, Ctrl adds and takes away, Shift selects up to it', () => {
    const one = selectRow(NOTHING, ORDER, 'b', 'only')
    expect([...one.selected]).toEqual(['b'])
    const range = selectRow(one, ORDER, 'd', 'range')
    expect([...range.selected]).toEqual(['b', 'c', 'd'])
    const back = selectRow(range, ORDER, 'a', 'range')
    expect([...back.selected]).toEqual(['a', 'b'])
    const less = selectRow(back, ORDER, 'a', 'toggle')
    expect([...less.selected]).toEqual(['b'])
    expect(less.active).toBe('a')
  })

  test('a range whose start was filtered away begins at the row itself', () => {
    const before = selectRow(NOTHING, ['x'], 'x', 'only')
    expect([...selectRow(before, ORDER, 'c', 'range').selected]).toEqual(['c'])
  })

  test('keys stop at both ends', () => {
    expect(rowAfterKey('ArrowDown', -1, 5, 3)).toBe(0)
    expect(rowAfterKey('ArrowDown', 4, 5, 3)).toBe(4)
    expect(rowAfterKey('PageDown', 0, 5, 3)).toBe(3)
    expect(rowAfterKey('PageUp', 1, 5, 3)).toBe(0)
    expect(rowAfterKey('Home', 3, 5, 3)).toBe(0)
    expect(rowAfterKey('End', 0, 5, 3)).toBe(4)
    expect(rowAfterKey('Tab', 0, 5, 3)).toBeUndefined()
  })
})

describe('type-ahead', () => {
  const names = ['alpine', 'arch', 'debian', 'Arbor']

  test('goes to the next name that begins so, round the end', () => {
    expect(typeAhead(names, 'deb', 0)).toBe(2)
    expect(typeAhead(names, 'ar', 2)).toBe(3)
    expect(typeAhead(names, 'zz', 0)).toBeUndefined()
  })

  test('one letter again and again steps through its names', () => {
    expect(typeAhead(names, 'a', -1)).toBe(0)
    expect(typeAhead(names, 'a', 0)).toBe(1)
    expect(typeAhead(names, 'aaa', 1)).toBe(3)
    expect(typeAhead(names, 'a', 3)).toBe(0)
  })

  test('typing on stays on a name that still fits', () => {
    expect(typeAhead(names, 'arb', 3)).toBe(3)
  })
})

function widthOf(text: string): number {
  return Array.from(text).length
}

describe('a name that is too long', () => {
  test('is cut in the middle and keeps its end and extension', () => {
    const { head, tail } = cutMiddle('fedora-41-workstation-before-rebase.qcow2', 20, widthOf)
    expect(head + tail).toBe('fedora-4…ebase.qcow2')
    expect(widthOf(head + tail)).toBe(20)
  })

  test('is left alone when it fits', () => {
    expect(cutMiddle('debian12.qcow2', 14, widthOf)).toEqual({ head: 'debian12.qcow2', tail: '' })
  })

  test('never gets wider than the room, however little there is', () => {
    const name = 'fedora-41-workstation-before-rebase.qcow2'
    for (let room = 2; room <= name.length; room++) {
      const { head, tail } = cutMiddle(name, room, widthOf)
      expect(widthOf(head + tail)).toBeLessThanOrEqual(room)
    }
  })

  test('is not cut inside a character', () => {
    const { head, tail } = cutMiddle('🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀.raw', 8, widthOf)
    expect(head + tail).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/)
  })
})
