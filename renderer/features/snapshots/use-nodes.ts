// Which states of a history are selected, and where the keyboard is: as in every list, and along the lines.

import { useLayoutEffect, useRef, useState } from 'react'
import type { KeyboardEvent, MouseEvent, RefObject } from 'react'
import type { HistoryNode } from '../../../core/model/index.ts'
import { rowAfterKey, selectRow, typeAhead } from '../../state/selection.ts'
import type { Gesture, Selection } from '../../state/selection.ts'

export interface Nodes {
  readonly selected: ReadonlySet<string>
  /** The row that Tab leads to. */
  readonly tabStop: string | undefined
  readonly activeIndex: number
  readonly select: (id: string, gesture: Gesture) => void
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
  readonly onMouseDown: (event: MouseEvent<HTMLElement>) => void
}

const TYPE_AHEAD_MS = 800
const PAGE = 10

/** Elements carry their id as `data-row`; `scrollTo` brings one that is not drawn yet into sight. */
export function useNodes(
  nodes: readonly HistoryNode[],
  container: RefObject<HTMLElement | null>,
  scrollTo: (index: number) => void,
): Nodes {
  const [state, setState] = useState<Selection>({ selected: new Set(), active: undefined, anchor: undefined })
  const typed = useRef({ text: '', at: -TYPE_AHEAD_MS })
  const wanted = useRef<string>(undefined)
  const order = nodes.map(({ id }) => id)
  // What has gone meanwhile is no longer selected.
  const selected = new Set([...state.selected].filter((id) => order.includes(id)))
  const active = state.active !== undefined && order.includes(state.active) ? state.active : undefined
  const index = active === undefined ? -1 : order.indexOf(active)
  const tabStop = active ?? nodes.find(({ kind }) => kind === 'current')?.id ?? order[0]

  // A row far away exists only after it was scrolled to and drawn.
  useLayoutEffect(() => {
    if (wanted.current === undefined) return
    const rows = container.current?.querySelectorAll<HTMLElement>('[data-row]') ?? []
    const row = [...rows].find((one) => one.dataset['row'] === wanted.current)
    if (!row) return
    wanted.current = undefined
    row.focus({ preventScroll: true })
  })

  function go(id: string | undefined, gesture: Gesture): void {
    if (id === undefined) return
    wanted.current = id
    scrollTo(order.indexOf(id))
    setState(selectRow({ ...state, selected, active }, order, id, gesture))
  }

  /** The snapshots beside this one in its file; of a file, that alone. */
  function selectAll(): void {
    const node = nodes[index] ?? nodes.find(({ id }) => id === tabStop)
    if (!node) return
    const beside = nodes.filter(({ path, snapshot }) => path === node.path && snapshot !== undefined)
    const all = beside.length > 0 ? beside : [node]
    setState({ ...state, selected: new Set(all.map(({ id }) => id)), active: active ?? all[0]?.id })
  }

  function along(key: string): string | undefined {
    const node = nodes[index]
    if (key === 'ArrowLeft') return node?.parents.find((id) => order.includes(id))
    const children = node ? nodes.filter(({ parents }) => parents.includes(node.id)) : []
    // In the same file first: that is where the disk itself went on.
    return (children.find(({ path }) => path === node?.path) ?? children.at(-1))?.id
  }

  function findTyped(event: KeyboardEvent<HTMLElement>): void {
    const continued = event.timeStamp - typed.current.at < TYPE_AHEAD_MS
    if (event.key === ' ' && !continued) {
      go(tabStop, 'toggle')
      return
    }
    const text = (continued ? typed.current.text : '') + event.key
    typed.current = { text, at: event.timeStamp }
    const names = nodes.map(({ name }) => name)
    const found = typeAhead(names, text, index)
    if (found !== undefined) go(order[found], 'only')
  }

  return {
    selected,
    tabStop,
    activeIndex: index,
    select: go,
    onKeyDown: (event) => {
      if (event.altKey || event.nativeEvent.isComposing || event.defaultPrevented || !rowOf(event)) return
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() !== 'a') return
        selectAll()
      } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
        go(along(event.key), 'only')
      } else {
        const next = rowAfterKey(event.key, index, order.length, PAGE)
        if (next !== undefined) go(order[next], event.shiftKey ? 'range' : 'only')
        else if (event.key.length === 1) findTyped(event)
        else return
      }
      event.preventDefault()
    },
    onMouseDown: (event) => {
      const id = rowOf(event)?.dataset['row']
      // The right button is for what is selected; on another row it selects that first.
      if (id === undefined || (event.button === 2 && selected.has(id))) return
      const gesture = event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'only'
      setState(selectRow({ ...state, selected, active }, order, id, gesture))
    },
  }
}

function rowOf({ target }: KeyboardEvent | MouseEvent): HTMLElement | undefined {
  return (target instanceof Element && target.closest<HTMLElement>('[data-row]')) || undefined
}
