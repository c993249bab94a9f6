// Which volumes the table shows: those of the chosen part of the library that pass the filter.

import { assertNever } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { needsAttention } from '../../state/checks.ts'
import type { Checked } from '../../state/checks.ts'
import type { VolumeId } from '../../../electron/contract/ids.ts'
import type { Scope } from '../../state/view.ts'
import { matches, parseFilter } from './filter.ts'

export function inScope(
  volumes: Iterable<Volume>,
  scope: Scope,
  checks: ReadonlyMap<VolumeId, Checked>,
): readonly Volume[] {
  const all = [...volumes]
  switch (scope.kind) {
    case 'trash':
      return []
    case 'all':
      return all
    case 'attention':
      return all.filter((volume) => needsAttention(volume, checks))
    case 'place':
      return all.filter((volume) => volume.place === scope.place)
    default:
      return assertNever(scope)
  }
}

export function filtered(volumes: readonly Volume[], filter: string): readonly Volume[] {
  const terms = parseFilter(filter)
  return terms.length === 0 ? volumes : volumes.filter((volume) => matches(terms, volume))
}

export interface Totals {
  readonly count: number
  readonly virtualSize: number
  readonly onDisk: number
}

export function totals(volumes: readonly Volume[]): Totals {
  let virtualSize = 0
  let onDisk = 0
  for (const volume of volumes) {
    virtualSize += volume.virtualSize ?? 0
    onDisk += volume.allocatedSize
  }
  return { count: volumes.length, virtualSize, onDisk }
}
