// What a check found, in a form to compare with: `code*count` for all findings of one code.

import type { CheckFinding } from '../../core/model/check.ts'

/** Errors first, then leaks, then notes. */
export function findingSummary(findings: readonly CheckFinding[]): readonly string[] {
  return (['error', 'leak', 'note'] as const).flatMap((kind) => {
    const counts = new Map<string, number>()
    for (const finding of findings.filter((one) => one.kind === kind))
      counts.set(finding.code, (counts.get(finding.code) ?? 0) + finding.count)
    return [...counts].map(([code, count]) => (count === 1 ? code : `${code}*${count}`))
  })
}
