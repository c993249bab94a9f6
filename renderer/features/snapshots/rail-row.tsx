// One row of the rail: a state, when it came about, and what it takes.

import { memo } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistoryNode } from '../../../core/model/index.ts'
import { dateText, fullDateText, sizeText } from '../../state/text.ts'
import { Bar } from '../../ui/bar.tsx'
import { classNames } from '../../ui/class-names.ts'
import { NodeName } from './node-name.tsx'
import { Tags } from './tags.tsx'
import styles from './rail.module.css'

interface RailRowProps {
  readonly node: HistoryNode
  readonly index: number
  /** Pixels. */
  readonly top: number
  /** Of the largest there is, 0 to 1. */
  readonly share: number
  readonly selected: boolean
  readonly tabStop: boolean
  readonly gone: boolean
  readonly fresh: boolean
  readonly action: ReactElement | undefined
}

export const RailRow = memo(function RailRow(props: RailRowProps) {
  const { node, index, top, share, selected, tabStop, gone, fresh, action } = props
  const { t } = useTranslation()
  const { id, date, own, frees, problem } = node
  const missing = node.tags.includes('missing')
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-row={fresh ? undefined : id}
      data-kind={node.kind}
      data-selected={selected ? '' : undefined}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      className={classNames(styles.row, styles.item, gone && styles.gone)}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className={styles.name}>
        {missing ? (
          <span className={classNames(styles.label, 'danger', 'medium')} title={node.path}>
            <span className="cut">{t('history.missing', { name: node.name })}</span>
          </span>
        ) : (
          <NodeName node={node} />
        )}
        <Tags node={node} fresh={fresh} gone={gone} />
        {problem && !missing && (
          <span className={classNames('cut', 'warn', styles.problem)} title={problem.message}>
            {problem.message}
          </span>
        )}
        {action}
      </span>
      <span role="gridcell" className={styles.date} title={date === undefined ? undefined : fullDateText(date)}>
        {date === undefined ? '' : dateText(date)}
      </span>
      <span role="gridcell" className={classNames('number', styles.own)}>
        {own === undefined ? '' : sizeText(own)}
        {own !== undefined && <Bar part={share} kind="space" className={styles.bar} />}
      </span>
      <span role="gridcell" className={classNames('number', frees === undefined && styles.quiet)}>
        {frees === undefined ? '–' : sizeText(frees)}
      </span>
    </div>
  )
})
