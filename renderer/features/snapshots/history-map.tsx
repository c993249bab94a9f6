// The history as a map: files are boxes, the snapshots inside one are lines in its box. Same selection as the rail.

import { Maximize2, ZoomIn, ZoomOut } from 'lucide-react'
import { useLayoutEffect, useMemo, useState } from 'react'
import type { KeyboardEvent, ReactElement, RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistoryNode } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { railOf } from './lanes.ts'
import { BOX_WIDTH, LINE_HEIGHT, mapOf } from './map-layout.ts'
import type { MapBox } from './map-layout.ts'
import { NodeName } from './node-name.tsx'
import type { Outcome } from './outcome.ts'
import type { Nodes } from './use-nodes.ts'
import styles from './history-map.module.css'

interface HistoryMapProps {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly outcome: Outcome
  readonly rows: Nodes
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
  readonly menu: (map: ReactElement) => ReactElement
  readonly actionOf: (node: HistoryNode) => ReactElement | undefined
}

const STEP = 1.25
const [SMALLEST, LARGEST] = [0.25, 2]

export function HistoryMap({ scroller, outcome, rows, onKeyDown, menu, actionOf }: HistoryMapProps) {
  const { t } = useTranslation()
  const [scale, setScale] = useState(1)
  const layout = useMemo(() => mapOf(outcome.nodes), [outcome.nodes])
  const path = useMemo(() => railOf(outcome.nodes).path, [outcome.nodes])
  const byPath = new Map(layout.boxes.map((box) => [box.path, box]))
  const zoom = (factor: number): void => setScale((now) => Math.min(LARGEST, Math.max(SMALLEST, now * factor)))

  // The state the keyboard is on is in sight, also after the rail was shown.
  useLayoutEffect(() => {
    const active = [...(scroller.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])].find(
      (one) => one.dataset['row'] === rows.tabStop,
    )
    active?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [scroller, rows.tabStop])

  function fit(): void {
    const view = scroller.current
    if (!view) return
    const whole = Math.min(view.clientWidth / layout.width, view.clientHeight / layout.height)
    setScale(Math.min(1, Math.max(SMALLEST, whole)))
  }

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        role="listbox"
        aria-label={t('command.snapshots')}
        aria-multiselectable="true"
        tabIndex={-1}
        className={styles.map}
        onKeyDown={(event) => {
          if (event.key === '+' || event.key === '-') {
            zoom(event.key === '+' ? STEP : 1 / STEP)
            event.preventDefault()
          } else onKeyDown(event)
        }}
        onMouseDown={rows.onMouseDown}
      >
        {menu(
          <div role="presentation" style={{ width: layout.width * scale, height: layout.height * scale }}>
            <div
              role="presentation"
              className={styles.plane}
              style={{ width: layout.width, height: layout.height, transform: `scale(${scale})` }}
            >
              <svg className={styles.lines} width={layout.width} height={layout.height} aria-hidden="true">
                {layout.boxes.map((box) => {
                  const below = byPath.get(box.below ?? '')
                  if (!below) return null
                  const onPath = path.has(box.file.id) && path.has(below.file.id)
                  return (
                    <path
                      key={box.path}
                      className={classNames(
                        styles.edge,
                        onPath && styles.onPath,
                        below.file.tags.includes('missing') && styles.dashed,
                        outcome.cut.has(lastOf(box).id) && styles.dashed,
                        outcome.fresh.has(box.file.id) && styles.ghost,
                      )}
                      d={curve(below, box)}
                    />
                  )
                })}
                {outcome.links.map(({ from, to }) => {
                  const [upper, lower] = [boxOf(layout.boxes, from), boxOf(layout.boxes, to)]
                  if (!upper || !lower || upper === lower) return null
                  return (
                    <path
                      key={`${from} ${to}`}
                      className={classNames(styles.edge, styles.ghost)}
                      d={curve(lower, upper)}
                    />
                  )
                })}
              </svg>
              {layout.boxes.map((box) => (
                <Box key={box.path} box={box} outcome={outcome} rows={rows} path={path} />
              ))}
            </div>
          </div>,
        )}
      </div>
      <div className={styles.zoom}>
        <IconButton label={t('history.zoomOut')} shortcut="-" icon={<ZoomOut />} onClick={() => zoom(1 / STEP)} />
        <IconButton label={t('history.zoomIn')} shortcut="+" icon={<ZoomIn />} onClick={() => zoom(STEP)} />
        <Button icon={<Maximize2 aria-hidden="true" />} onClick={fit}>
          {t('history.fit')}
        </Button>
        {outcome.nodes.filter(({ id }) => rows.selected.has(id)).map(actionOf)}
      </div>
    </div>
  )
}

interface BoxProps {
  readonly box: MapBox
  readonly outcome: Outcome
  readonly rows: Nodes
  readonly path: ReadonlySet<string>
}

function Box({ box: { file, snapshots, x, y, height }, outcome, rows, path }: BoxProps) {
  const { t } = useTranslation()
  const missing = file.tags.includes('missing')
  const size = snapshots.reduce((sum, { own = 0 }) => sum + own, file.own ?? 0)
  const facts = [
    ...(missing ? [t('history.missingTag')] : [sizeText(size)]),
    ...(file.tags.includes('in-use') ? [t('history.inUse')] : []),
  ]
  const state = (node: HistoryNode) => ({
    'data-row': outcome.fresh.has(node.id) ? undefined : node.id,
    'data-kind': node.kind,
    'data-selected': rows.selected.has(node.id) ? '' : undefined,
    tabIndex: rows.tabStop === node.id ? 0 : -1,
  })
  return (
    <div
      role="presentation"
      className={classNames(
        styles.box,
        path.has(file.id) && styles.onPath,
        missing && styles.missing,
        outcome.fresh.has(file.id) && styles.fresh,
        outcome.gone.has(file.id) && styles.gone,
      )}
      style={{ left: x, top: y, width: BOX_WIDTH, height }}
    >
      <div role="option" aria-selected={rows.selected.has(file.id)} className={styles.file} {...state(file)}>
        <span className="medium">
          <NodeName node={file} />
        </span>
        <span className={styles.facts}>{outcome.fresh.has(file.id) ? t('history.new') : facts.join(', ')}</span>
      </div>
      {snapshots.map((node) => (
        <div
          key={node.id}
          role="option"
          aria-selected={rows.selected.has(node.id)}
          className={classNames(styles.snapshot, outcome.gone.has(node.id) && styles.gone)}
          style={{ height: LINE_HEIGHT }}
          title={node.own === undefined ? node.name : `${node.name}, ${sizeText(node.own)}`}
          {...state(node)}
        >
          <span className={classNames(styles.dot, path.has(node.id) && styles.onPath)} />
          <span className="cut">{node.name}</span>
        </div>
      ))}
    </div>
  )
}

function lastOf({ file, snapshots }: MapBox): HistoryNode {
  return snapshots.at(-1) ?? file
}

function boxOf(boxes: readonly MapBox[], id: string): MapBox | undefined {
  return boxes.find(({ file, snapshots }) => file.id === id || snapshots.some((one) => one.id === id))
}

function curve(from: MapBox, to: MapBox): string {
  const [x1, y1, x2, y2] = [from.x + BOX_WIDTH, from.y + from.height / 2, to.x, to.y + to.height / 2]
  const half = (x1 + x2) / 2
  return `M${x1},${y1} C${half},${y1} ${half},${y2} ${x2},${y2}`
}
