// The same map as a table of extents, read on from the engine as it is scrolled: for screen readers, and for copying.

import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ImageFacts, MapExtent } from '../../../core/model/index.ts'
import { worstState } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { rowAfterKey } from '../../state/selection.ts'
import { sizeText } from '../../state/text.ts'
import { Swatch } from '../../ui/strip.tsx'
import { LOOKS, hexText, stateTitle } from './looks.ts'
import { layerTitle } from './map-tip.tsx'
import styles from './map.module.css'
import { useExtentList } from './use-extent-list.ts'

interface MapTableProps {
  readonly volume: Volume
  /** Bytes: the first row is what lies here. */
  readonly start: number
  readonly chain: readonly ImageFacts[] | undefined
}

const ROW = 28
/** Rows beyond what is seen, so that scrolling does not outrun them. */
const MARGIN = 12

export function MapTable({ volume, start, chain }: MapTableProps) {
  const { t } = useTranslation()
  const { extents, isWhole, readOn } = useExtentList(volume, start)
  const scroller = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(0)
  const [active, setActive] = useState(0)
  const wantsFocus = useRef(true)
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN)
  const end = Math.min(extents.length, Math.ceil((top + height) / ROW) + MARGIN)

  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    if (!isWhole && end + MARGIN >= extents.length) readOn()
  }, [end, extents.length, isWhole, readOn])

  // A row far away is there only once it was scrolled to.
  useLayoutEffect(() => {
    if (!wantsFocus.current) return
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${active}"]`)
    if (!row) return
    wantsFocus.current = false
    row.focus({ preventScroll: true })
  })

  function moveTo(index: number): void {
    const view = scroller.current
    if (!view) return
    wantsFocus.current = true
    setActive(index)
    if (view.scrollTop > index * ROW) view.scrollTop = index * ROW
    else view.scrollTop = Math.max(view.scrollTop, (index + 2) * ROW - view.clientHeight)
  }

  const columns = ['atGuest', 'length', 'stateColumn', 'inFile', 'layer'] as const
  return (
    <div
      ref={scroller}
      className={styles.table}
      role="grid"
      aria-label={t('map.extents')}
      aria-rowcount={isWhole ? extents.length + 1 : -1}
      tabIndex={-1}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return
        const next = rowAfterKey(event.key, active, extents.length, Math.max(1, Math.floor(height / ROW) - 2))
        if (next === undefined) return
        event.preventDefault()
        moveTo(next)
      }}
    >
      <div role="row" aria-rowindex={1} className={styles.tableHead}>
        {columns.map((column) => (
          <span key={column} role="columnheader">
            {t(`map.${column}`)}
          </span>
        ))}
      </div>
      <div role="presentation" style={{ height: first * ROW }} />
      {extents.slice(first, end).map((extent, at) => (
        <Row
          key={extent.offset}
          extent={extent}
          index={first + at}
          isTabStop={first + at === active}
          chain={chain}
          onChoose={() => setActive(first + at)}
        />
      ))}
      <div role="presentation" style={{ height: (extents.length - end) * ROW }} />
      {!isWhole && <p className={styles.more}>{t('map.moreExtents')}</p>}
    </div>
  )
}

interface RowProps {
  readonly extent: MapExtent
  readonly index: number
  readonly isTabStop: boolean
  readonly chain: readonly ImageFacts[] | undefined
  readonly onChoose: () => void
}

function Row({ extent, index, isTabStop, chain, onChoose }: RowProps) {
  const state = worstState(extent.states)
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      tabIndex={isTabStop ? 0 : -1}
      className={styles.tableRow}
      onMouseDown={onChoose}
    >
      <span role="gridcell" className={styles.mono}>
        {hexText(extent.offset)}
      </span>
      <span role="gridcell">{sizeText(extent.length)}</span>
      <span role="gridcell" className="row">
        <Swatch look={LOOKS[state]} />
        {stateTitle(state, 'guest')}
      </span>
      <span role="gridcell" className={styles.mono}>
        {extent.hostOffset === undefined ? '–' : hexText(extent.hostOffset)}
      </span>
      <span role="gridcell" className="cut">
        {state === 'hole' ? '–' : layerTitle(extent.depth, chain)}
      </span>
    </div>
  )
}
