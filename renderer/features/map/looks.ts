// How each state of a map looks, and what it is called.

import { t } from 'i18next'
import { MAP_STATES } from '../../../core/model/index.ts'
import type { MapSpace, MapState } from '../../../core/model/index.ts'
import type { Look } from '../../ui/paint.ts'

export const LOOKS: Readonly<Record<MapState, Look>> = {
  hole: { pattern: 'outline', color: '--line-strong' },
  zero: { pattern: 'hatch', color: '--map-zero' },
  backing: { pattern: 'back-hatch', color: '--map-backing' },
  data: { pattern: 'solid', color: '--map-data' },
  compressed: { pattern: 'bars', color: '--map-compressed' },
  shared: { pattern: 'columns', color: '--map-data' },
  metadata: { pattern: 'dot', color: '--map-metadata' },
  leak: { pattern: 'dots', color: '--map-leak' },
  corrupt: { pattern: 'cross', color: '--map-corrupt' },
}

/** As the legend has them. */
export const LEGEND: readonly MapState[] = [
  'data',
  'compressed',
  'shared',
  'backing',
  'zero',
  'metadata',
  'leak',
  'corrupt',
  'hole',
]

/** Each address space has states that the other knows nothing of. */
const ONLY_IN: Partial<Record<MapState, MapSpace>> = { zero: 'guest', backing: 'guest', metadata: 'file', leak: 'file' }

export function isInSpace(state: MapState, space: MapSpace): boolean {
  return (ONLY_IN[state] ?? space) === space
}

export function stateTitle(state: MapState, space: MapSpace): string {
  if (space === 'file' && (state === 'hole' || state === 'shared')) return t(`map.fileState.${state}`)
  return t(`map.state.${state}`)
}

/** The worst state in a cell that is not filtered out; undefined where nothing of it is to be seen. */
export function shownState(cell: number, hidden: ReadonlySet<MapState>): MapState | undefined {
  for (let index = MAP_STATES.length - 1; index > 0; index -= 1) {
    const state = MAP_STATES[index]
    if (state && cell & (1 << (index - 1)) && !hidden.has(state)) return state
  }
  return cell === 0 && !hidden.has('hole') ? 'hole' : undefined
}

export function hexText(offset: number): string {
  return `0x${offset.toString(16).toUpperCase()}`
}
