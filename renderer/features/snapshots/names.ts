// Names of snapshots: what is wrong with one, and one that is free.

import type { SnapshotFacts } from '../../../core/model/index.ts'

export type NameProblem = 'nameMissing' | 'nameTaken'

export function nameProblem(name: string, others: readonly Pick<SnapshotFacts, 'name'>[]): NameProblem | undefined {
  const wanted = name.trim()
  if (wanted === '') return 'nameMissing'
  return others.some((one) => one.name === wanted) ? 'nameTaken' : undefined
}

/** The name itself, or with a number behind it. */
export function freeSnapshotName(name: string, others: readonly Pick<SnapshotFacts, 'name'>[]): string {
  for (let number = 2, candidate = name; ; number += 1) {
    if (!others.some((one) => one.name === candidate)) return candidate
    candidate = `${name} ${number}`
  }
}
