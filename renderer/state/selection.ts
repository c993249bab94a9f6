// Which rows are selected after a click or a key, as lists everywhere do it.

import { assertNever } from '../../core/model/index.ts'

export interface Selection {
  readonly selected: ReadonlySet<string>
  /** The row the keyboard is on. */
  readonly active: string | undefined
  /** Where a range begins. */
  readonly anchor: string | undefined
}

export type Gesture = 'only' | 'toggle' | 'range'

/** `order` is what is shown, top to bottom. */
export function selectRow(before: Selection, order: readonly string[], row: string, gesture: Gesture): Selection {
  switch (gesture) {
    case 'only':
      return { selected: new Set([row]), active: row, anchor: row }
    case 'toggle': {
      const selected = new Set(before.selected)
      if (!selected.delete(row)) selected.add(row)
      return { selected, active: row, anchor: row }
    }
    case 'range': {
      const anchor = before.anchor !== undefined && order.includes(before.anchor) ? before.anchor : row
      const from = order.indexOf(anchor)
      const to = order.indexOf(row)
      const selected = new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1))
      return { selected, active: row, anchor }
    }
    default:
      return assertNever(gesture)
  }
}

/** The row a key leads to, or undefined when the key is none of the table's. */
export function rowAfterKey(key: string, index: number, count: number, pageSize: number): number | undefined {
  const last = count - 1
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1)
    case 'ArrowUp':
      return Math.max(0, index - 1)
    case 'PageDown':
      return Math.min(last, index + pageSize)
    case 'PageUp':
      return Math.max(0, index - pageSize)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}

/** The next name that begins with what was typed, going round; one letter typed again and again steps through its names. */
export function typeAhead(names: readonly string[], typed: string, index: number): number | undefined {
  const letters = Array.from(typed.toLowerCase())
  const sought = letters.every((letter) => letter === letters[0]) ? (letters[0] ?? '') : typed.toLowerCase()
  const start = letters.length > 1 && sought.length > 1 ? index : index + 1
  for (let step = 0; step < names.length; step++) {
    const candidate = (start + step) % names.length
    if (names[candidate]?.toLowerCase().startsWith(sought) === true) return candidate
  }
  return undefined
}
