// What the last check or repair of each volume found, as the jobs told.

import { create } from 'zustand'
import type { CheckReport, RepairReport } from '../../core/model/index.ts'
import type { JobView, Volume } from '../../electron/contract/data.ts'
import type { VolumeId } from '../../electron/contract/ids.ts'

export interface Checked {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly seconds: number
  /** Absent where the format has nothing to check. */
  readonly report?: CheckReport
  /** What a repair did, when this was one. */
  readonly repair?: RepairReport
}

interface Checks {
  readonly byVolume: ReadonlyMap<VolumeId, Checked>
}

export const useChecks = create<Checks>()(() => ({ byVolume: new Map() }))

/** Its own last write comes just before a repair ends, and some file systems round up. */
const GRACE_MS = 2000

export function noteCheck({ state, volume, startedAt, endedAt }: JobView): void {
  if (state.kind !== 'succeeded' || volume === undefined || endedAt === undefined) return
  const { result } = state
  if (result.kind !== 'check' && result.kind !== 'repair') return
  const repair = result.kind === 'repair' ? result.report : undefined
  const report = result.kind === 'repair' ? result.report?.after : result.report
  const checked: Checked = {
    at: endedAt,
    seconds: (endedAt - (startedAt ?? endedAt)) / 1000,
    ...(report && { report }),
    ...(repair && { repair }),
  }
  useChecks.setState(({ byVolume }) => {
    if ((byVolume.get(volume)?.at ?? 0) > checked.at) return {}
    return { byVolume: new Map(byVolume).set(volume, checked) }
  })
}

/** What was found no longer says anything of the volume. */
export function forgetCheck(id: VolumeId): void {
  useChecks.setState((state) => {
    const byVolume = new Map(state.byVolume)
    byVolume.delete(id)
    return { byVolume }
  })
}

/** False when the volume was written to since: then it is news of yesterday. */
export function stillHolds(checked: Checked, volume: Pick<Volume, 'modifiedAt'>): boolean {
  return volume.modifiedAt <= checked.at + GRACE_MS
}

export type Verdict = 'unchecked' | 'sound' | 'leaks' | 'errors' | 'incomplete' | 'nothing'

export function verdictOf(checked: Checked | undefined, volume: Pick<Volume, 'modifiedAt'>): Verdict {
  if (!checked || !stillHolds(checked, volume)) return 'unchecked'
  return checked.report ? verdict(checked.report) : 'nothing'
}

/** The worst of what a check found. */
export function verdict({ totals }: CheckReport): 'sound' | 'leaks' | 'errors' | 'incomplete' {
  if (totals.corruptions > 0) return 'errors'
  if (totals.checkErrors > 0) return 'incomplete'
  return totals.leaks > 0 ? 'leaks' : 'sound'
}

/** It cannot be opened, or a check that still holds found something. */
export function needsAttention(volume: Volume, checks: Checks['byVolume']): boolean {
  if (volume.error || volume.parentMissing === true) return true
  const found = verdictOf(checks.get(volume.id), volume)
  return found === 'errors' || found === 'leaks' || found === 'incomplete'
}
