// Moving about in the table: keys, clicks, type-ahead, and where the focus is.

import { useEffect, useLayoutEffect, useRef } from 'react'
import type { KeyboardEvent, MouseEvent, RefObject } from 'react'
import { takeFocus } from '../../state/focus.ts'
import { select, useView } from '../../state/view.ts'
import { rowAfterKey, selectRow, typeAhead } from '../../state/selection.ts'
import type { Gesture } from '../../state/selection.ts'

interface GridOptions {
  readonly scroller: RefObject<HTMLElement | null>
  /** Row ids, top to bottom. */
  readonly order: readonly string[]
  readonly nameAt: (index: number) => string
  /** The row's volume is wanted with all there is to it. */
  readonly onOpen: (index: number) => void
  /** In pixels; every row has it. */
  readonly rowHeight: number
}

export interface Grid {
  /** -1 when no row is active. */
  readonly activeIndex: number
  /** The row that Tab leads to. */
  readonly tabStop: number
  readonly enterRows: () => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onMouseDown: (event: MouseEvent) => void
  readonly onDoubleClick: (event: MouseEvent) => void
}

const TYPE_AHEAD_MS = 800
/** It stays in sight above the rows. */
const HEADER_HEIGHT = 28
const TAB_STOP = '[data-index][tabindex="0"]'

export function useGrid(options: GridOptions): Grid {
  const { scroller, order, nameAt, rowHeight } = options
  const selected = useView((state) => state.selected)
  const active = useView((state) => state.active)
  const activeIndex = active === undefined ? -1 : order.indexOf(active)
  const tabStop = Math.max(0, activeIndex)
  const anchor = useRef<string>(undefined)
  const focusWanted = useRef(false)
  const typed = useRef({ text: '', at: -TYPE_AHEAD_MS })

  /** As little as is needed to see the row. */
  function scrollTo(index: number): void {
    const view = scroller.current
    if (!view) return
    const top = index * rowHeight
    const last = top + rowHeight + HEADER_HEIGHT - view.clientHeight
    if (view.scrollTop > top) view.scrollTop = top
    else if (view.scrollTop < last) view.scrollTop = last
  }

  function rowsOnPage(): number {
    return Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - HEADER_HEIGHT) / rowHeight) - 1)
  }

  function go(index: number, gesture: Gesture): void {
    const row = order[index]
    if (row === undefined) return
    const after = selectRow({ selected, active, anchor: anchor.current }, order, row, gesture)
    anchor.current = after.anchor
    focusWanted.current = true
    scrollTo(index)
    select(after.selected, after.active)
  }

  // A row far away exists only after it was scrolled to and drawn.
  useLayoutEffect(() => {
    if (!focusWanted.current) return
    const row = scroller.current?.querySelector<HTMLElement>(TAB_STOP)
    if (Number(row?.dataset['index']) !== tabStop) return
    focusWanted.current = false
    row?.focus({ preventScroll: true })
  })

  useEffect(() => takeFocus('table', () => scroller.current?.querySelector<HTMLElement>(TAB_STOP)?.focus()), [scroller])

  // Whoever reveals a volume from elsewhere wants it seen; the same row moving in the order must not drag the view.
  const shown = activeIndex >= 0
  useEffect(() => {
    if (shown) scrollTo(activeIndex)
    // oxlint-disable-next-line react/exhaustive-deps
  }, [active, shown])

  function findTyped(event: KeyboardEvent): void {
    const continued = event.timeStamp - typed.current.at < TYPE_AHEAD_MS
    if (event.key === ' ' && !continued) {
      go(tabStop, 'toggle')
      return
    }
    const text = (continued ? typed.current.text : '') + event.key
    typed.current = { text, at: event.timeStamp }
    const found = typeAhead(
      order.map((_, index) => nameAt(index)),
      text,
      activeIndex,
    )
    if (found !== undefined) go(found, 'only')
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Keys in the headings are theirs.
    if (event.altKey || event.nativeEvent.isComposing || !rowOf(event)) return
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== 'a') return
      event.preventDefault()
      select(new Set(order), active ?? order[0])
      return
    }
    const next = rowAfterKey(event.key, activeIndex, order.length, rowsOnPage())
    if (event.key === 'ArrowUp' && activeIndex <= 0) {
      scroller.current?.querySelector<HTMLElement>('[role="columnheader"] button')?.focus()
    } else if (next !== undefined) {
      go(next, event.shiftKey ? 'range' : 'only')
    } else if (event.key === 'Enter') {
      options.onOpen(activeIndex)
    } else if (event.key.length === 1) {
      findTyped(event)
    } else {
      return
    }
    event.preventDefault()
  }

  function onMouseDown(event: MouseEvent): void {
    const row = rowOf(event)
    if (!row) return
    const index = Number(row.dataset['index'])
    // The right button is for what is selected; on another row it selects that first.
    if (event.button === 2 && selected.has(order[index] ?? '')) return
    go(index, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'only')
  }

  function onDoubleClick(event: MouseEvent): void {
    const row = rowOf(event)
    if (row) options.onOpen(Number(row.dataset['index']))
  }

  return { activeIndex, tabStop, enterRows: () => go(tabStop, 'only'), onKeyDown, onMouseDown, onDoubleClick }
}

function rowOf({ target }: KeyboardEvent | MouseEvent): HTMLElement | undefined {
  return (target instanceof Element && target.closest<HTMLElement>('[data-index]')) || undefined
}
