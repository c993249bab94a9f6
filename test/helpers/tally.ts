// Counting what the random tests have been through, for the last line of `npm run test:long`.

import { appendFileSync, readFileSync } from 'node:fs'

/** A file that every worker appends to; without it nothing is counted. */
export const TALLY = 'SPINDLE_TALLY'

export function tally(what: string, count: number): void {
  const file = process.env[TALLY]
  if (file !== undefined) appendFileSync(file, `${count} ${what}\n`)
}

/** All counts by what they are of. */
export function tallied(file: string): ReadonlyMap<string, number> {
  const totals = new Map<string, number>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, count, what] = /^(\d+) (.+)$/.exec(line) ?? []
    if (what !== undefined) totals.set(what, (totals.get(what) ?? 0) + Number(count))
  }
  return totals
}
