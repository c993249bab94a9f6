// The lines and marks of the rail, for the rows that are drawn.

import { classNames } from '../../ui/class-names.ts'
import type { HistoryNode } from '../../../core/model/index.ts'
import type { Rail } from './lanes.ts'
import type { Outcome } from './outcome.ts'
import styles from './rail.module.css'

interface RailLinesProps {
  readonly rail: Rail
  readonly outcome: Outcome
  readonly rowHeight: number
  /** Rows that are drawn: the first, and the one behind the last. */
  readonly first: number
  readonly end: number
}

const WIDEST = 168
const PITCH = 20
const EDGE = 14
const BEND = 7

/** Pixels from lane to lane: many lanes stand closer together. */
export function pitchOf(laneCount: number): number {
  return Math.min(PITCH, WIDEST / laneCount)
}

export function railWidth(laneCount: number): number {
  return Math.ceil(2 * EDGE + (laneCount - 1) * pitchOf(laneCount) + 12)
}

export function RailLines({ rail, outcome, rowHeight, first, end }: RailLinesProps) {
  const { nodes, cut, fresh, links } = outcome
  const rows = new Map(nodes.map(({ id }, row) => [id, row]))
  const pitch = pitchOf(rail.laneCount)
  const x = (lane: number): number => EDGE + lane * pitch
  const y = (row: number): number => (row + 0.5) * rowHeight
  const isDrawn = (from: number, to: number): boolean => to >= first && from < end
  const seen = nodes.slice(first, end)
  return (
    <svg
      className={styles.lines}
      width={railWidth(rail.laneCount)}
      height={nodes.length * rowHeight}
      aria-hidden="true"
      focusable="false"
    >
      {rail.bands
        .filter((band) => isDrawn(band.first, band.last))
        .map((band) => (
          <rect
            key={band.path}
            className={styles.band}
            x={x(band.leftLane) - 9}
            y={y(band.first) - 12}
            width={x(band.rightLane) - x(band.leftLane) + 18}
            height={y(band.last) - y(band.first) + 24}
            rx={6}
          />
        ))}
      {rail.edges
        .filter(({ from, to }) => isDrawn(from, to))
        .map(({ id, from, to, fromLane, toLane, isPath }) => (
          <path
            key={id}
            className={classNames(
              styles.edge,
              isPath && styles.onPath,
              isMissing(nodes[to]) && styles.dashed,
              cut.has(nodes[from]?.id ?? '') && styles.cut,
              fresh.has(nodes[from]?.id ?? '') && styles.ghost,
            )}
            d={bent(x(fromLane), y(from), x(toLane), y(to))}
          />
        ))}
      {links.map(({ from, to }) => {
        const [top, bottom] = [rows.get(from) ?? 0, rows.get(to) ?? 0]
        if (!isDrawn(Math.min(top, bottom), Math.max(top, bottom))) return null
        const right = x(Math.max(rail.lanes[top] ?? 0, rail.lanes[bottom] ?? 0)) + Math.min(12, pitch * 0.6)
        const start = x(rail.lanes[top] ?? 0)
        const stop = x(rail.lanes[bottom] ?? 0)
        return (
          <path
            key={`${from} ${to}`}
            className={classNames(styles.edge, styles.ghost)}
            d={`M${start},${y(top)} L${right},${y(top)} L${right},${y(bottom)} L${stop + 8},${y(bottom)} m5,-4 l-5,4 l5,4`}
          />
        )
      })}
      {seen.map((node, index) => (
        <Mark
          key={node.id}
          node={node}
          x={x(rail.lanes[first + index] ?? 0)}
          y={y(first + index)}
          onPath={rail.path.has(node.id)}
          ghost={fresh.has(node.id)}
        />
      ))}
    </svg>
  )
}

function isMissing(node: HistoryNode | undefined): boolean {
  return node?.tags.includes('missing') ?? false
}

/** Straight down the upper one's lane, then over to the lower one. */
function bent(fromX: number, fromY: number, toX: number, toY: number): string {
  if (fromX === toX) return `M${fromX},${fromY} L${toX},${toY}`
  const bend = Math.min(BEND, Math.abs(toX - fromX), toY - fromY)
  const side = toX < fromX ? -bend : bend
  return `M${fromX},${fromY} L${fromX},${toY - bend} Q${fromX},${toY} ${fromX + side},${toY} L${toX},${toY}`
}

interface MarkProps {
  readonly node: HistoryNode
  readonly x: number
  readonly y: number
  readonly onPath: boolean
  readonly ghost: boolean
}

function Mark({ node, x, y, onPath, ghost }: MarkProps) {
  const look = classNames(
    styles.mark,
    onPath && styles.onPath,
    ghost && styles.ghost,
    isMissing(node) && styles.missingMark,
  )
  if (node.kind === 'current')
    return (
      <>
        <circle className={classNames(look, styles.ring)} cx={x} cy={y} r={6} />
        <circle className={styles.center} cx={x} cy={y} r={2.5} />
      </>
    )
  return node.kind === 'snapshot' ? (
    <circle className={look} cx={x} cy={y} r={4.5} />
  ) : (
    <rect className={look} x={x - 5.5} y={y - 5.5} width={11} height={11} rx={3} />
  )
}
