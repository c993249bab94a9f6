// The findings of one check: all of them counted, the first of each kind kept.

import type { CheckFinding, FindingKind } from '../model/check.ts'

/** A badly damaged image has millions of findings; a reader looks at a few, and memory must not follow damage. */
const KEPT = 1000

const ORDER: readonly FindingKind[] = ['error', 'leak', 'note']

export type FindingFacts = Omit<CheckFinding, 'kind' | 'count'>

export class Findings {
  readonly #kept: Record<FindingKind, CheckFinding[]> = { error: [], leak: [], note: [] }
  readonly #found: Record<FindingKind, number> = { error: 0, leak: 0, note: 0 }
  readonly #counts: Record<FindingKind, number> = { error: 0, leak: 0, note: 0 }

  /** `describe` is called only for findings that are kept. */
  add(kind: FindingKind, count: number, describe: () => FindingFacts): void {
    this.#found[kind] += 1
    this.#counts[kind] += count
    const kept = this.#kept[kind]
    if (kept.length < KEPT) kept.push({ kind, count, ...describe() })
  }

  /** Counts a finding that will not be listed. */
  addUnlisted(kind: FindingKind, count: number): void {
    this.#found[kind] += 1
    this.#counts[kind] += count
  }

  /** Whether one more of this kind, beside `waiting` others, would be kept. */
  hasRoom(kind: FindingKind, waiting = 0): boolean {
    return this.#kept[kind].length + waiting < KEPT
  }

  /** What all findings of a kind stand for together. */
  count(kind: FindingKind): number {
    return this.#counts[kind]
  }

  list(): readonly CheckFinding[] {
    return ORDER.flatMap((kind) => this.#kept[kind])
  }

  unlisted(): Readonly<Record<FindingKind, number>> {
    const left = (kind: FindingKind): number => this.#found[kind] - this.#kept[kind].length
    return { error: left('error'), leak: left('leak'), note: left('note') }
  }
}
