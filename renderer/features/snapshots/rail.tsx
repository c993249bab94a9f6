// The history as a rail: one row for each state, newest on top, with the lines that lead from one to the next.

import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import type { Range } from '@tanstack/react-virtual'
import { useCallback, useLayoutEffect, useMemo } from 'react'
import type { KeyboardEvent, ReactElement, RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistoryNode } from '../../../core/model/index.ts'
import { classNames } from '../../ui/class-names.ts'
import { useRowHeight } from '../../state/row-height.ts'
import { railOf } from './lanes.ts'
import { RailLines, railWidth } from './rail-lines.tsx'
import { RailRow } from './rail-row.tsx'
import type { Outcome } from './outcome.ts'
import type { Nodes } from './use-nodes.ts'
import styles from './rail.module.css'

interface RailProps {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly outcome: Outcome
  readonly rows: Nodes
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
  /** Around the rows. */
  readonly menu: (rows: ReactElement) => ReactElement
  /** What stands beside the name of a state that is missing. */
  readonly actionOf: (node: HistoryNode) => ReactElement | undefined
}

const OVERSCAN = 12

export function Rail({ scroller, outcome, rows, onKeyDown, menu, actionOf }: RailProps) {
  const { t } = useTranslation()
  const rowHeight = useRowHeight()
  const { nodes } = outcome
  const rail = useMemo(() => railOf(nodes), [nodes])
  const most = useMemo(() => nodes.reduce((size, { own = 0 }) => Math.max(size, own), 1), [nodes])
  const activeRow = nodes.findIndex(({ id }) => id === rows.tabStop)
  const virtualizer = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => scroller.current,
    estimateSize: useCallback(() => rowHeight, [rowHeight]),
    getItemKey: useCallback((index: number) => nodes[index]?.id ?? index, [nodes]),
    overscan: OVERSCAN,
    // The row that has the focus stays, or scrolling it out of sight would lose the focus.
    rangeExtractor: (range: Range) => withIndex(defaultRangeExtractor(range), activeRow),
  })
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight])
  const items = virtualizer.getVirtualItems()
  const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {}
  const first = Math.max(0, startIndex - OVERSCAN)
  const end = Math.min(nodes.length, endIndex + 1 + OVERSCAN)
  const indent = railWidth(rail.laneCount)

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={t('command.snapshots')}
      aria-multiselectable="true"
      tabIndex={-1}
      aria-rowcount={nodes.length + 1}
      className={styles.rail}
      style={{ ['--rail' as string]: `${indent}px` }}
      onKeyDown={onKeyDown}
      onMouseDown={rows.onMouseDown}
    >
      <div role="row" aria-rowindex={1} className={classNames(styles.row, styles.head)}>
        <span role="columnheader">{t('snapshots.name')}</span>
        <span role="columnheader" className="number">
          {t('snapshots.created')}
        </span>
        <span role="columnheader" className={classNames('number', styles.own)}>
          {t('history.own')}
        </span>
        <span role="columnheader" className="number" title={t('history.freesHelp')}>
          {t('history.frees')}
        </span>
      </div>
      {menu(
        <div role="rowgroup" className={styles.body} style={{ height: nodes.length * rowHeight }}>
          {items.map(({ index, start }) => {
            const node = nodes[index]
            return (
              node && (
                <RailRow
                  key={node.id}
                  node={node}
                  index={index}
                  top={start}
                  share={(node.own ?? 0) / most}
                  selected={rows.selected.has(node.id)}
                  tabStop={rows.tabStop === node.id}
                  gone={outcome.gone.has(node.id)}
                  fresh={outcome.fresh.has(node.id)}
                  action={actionOf(node)}
                />
              )
            )
          })}
          <RailLines rail={rail} outcome={outcome} rowHeight={rowHeight} first={first} end={end} />
        </div>,
      )}
    </div>
  )
}

function withIndex(indexes: readonly number[], index: number): number[] {
  return index < 0 || indexes.includes(index) ? [...indexes] : [...indexes, index].toSorted((a, b) => a - b)
}
