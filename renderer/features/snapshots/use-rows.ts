// Which snapshots are selected, and where the keyboard is: as in every list.

import { useRef, useState } from 'react'
import type { KeyboardEvent, MouseEvent } from 'react'
import { rowAfterKey, selectRow, typeAhead } from '../../state/selection.ts'
import type { Gesture, Selection } from '../../state/selection.ts'

export interface Rows {
  readonly selected: ReadonlySet<string>
  /** The row that Tab leads to. */
  readonly tabStop: string | undefined
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
  readonly onMouseDown: (event: MouseEvent<HTMLElement>) => void
}

const TYPE_AHEAD_MS = 800
const PAGE = 10

/** `order` and `names` go from top to bottom; rows carry their id as `data-row`. */
export function useRows(order: readonly string[], names: readonly string[]): Rows {
  const [state, setState] = useState<Selection>({ selected: new Set(), active: undefined, anchor: undefined })
  const typed = useRef({ text: '', at: -TYPE_AHEAD_MS })
  // What has gone meanwhile is no longer selected.
  const selected = new Set([...state.selected].filter((id) => order.includes(id)))
  const active = state.active !== undefined && order.includes(state.active) ? state.active : undefined
  const index = active === undefined ? -1 : order.indexOf(active)

  function go(list: HTMLElement, row: string | undefined, gesture: Gesture): void {
    if (row === undefined) return
    setState(selectRow({ ...state, selected, active }, order, row, gesture))
    const element = [...list.querySelectorAll<HTMLElement>('[data-row]')].find((one) => one.dataset['row'] === row)
    element?.focus()
  }

  function findTyped(event: KeyboardEvent<HTMLElement>): void {
    const continued = event.timeStamp - typed.current.at < TYPE_AHEAD_MS
    if (event.key === ' ' && !continued) {
      go(event.currentTarget, active ?? order[0], 'toggle')
      return
    }
    const text = (continued ? typed.current.text : '') + event.key
    typed.current = { text, at: event.timeStamp }
    const found = typeAhead(names, text, index)
    if (found !== undefined) go(event.currentTarget, order[found], 'only')
  }

  return {
    selected,
    tabStop: active ?? order[0],
    onKeyDown: (event) => {
      if (event.altKey || event.nativeEvent.isComposing || !rowOf(event)) return
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() !== 'a') return
        setState({ ...state, selected: new Set(order), active: active ?? order[0] })
      } else {
        const next = rowAfterKey(event.key, index, order.length, PAGE)
        if (next !== undefined) go(event.currentTarget, order[next], event.shiftKey ? 'range' : 'only')
        else if (event.key.length === 1) findTyped(event)
        else return
      }
      event.preventDefault()
    },
    onMouseDown: (event) => {
      const row = rowOf(event)?.dataset['row']
      // The right button is for what is selected; on another row it selects that first.
      if (row === undefined || (event.button === 2 && selected.has(row))) return
      const gesture = event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'only'
      setState(selectRow({ ...state, selected, active }, order, row, gesture))
    },
  }
}

function rowOf({ target }: KeyboardEvent | MouseEvent): HTMLElement | undefined {
  return (target instanceof Element && target.closest<HTMLElement>('[data-row]')) || undefined
}
