// What two programs printed, without what differs from one second to the next.

import { expect } from 'vitest'
import type { Outcome } from '../../helpers/spindle.ts'
import type { Case } from './case.ts'

export function comparable({ code, out, error }: Outcome, { reason }: Case): Outcome {
  return { code, out: timeless(out), error: reason === undefined ? timeless(error) : upTo(error, reason) }
}

/** What qemu-img answered, but for what is meant to be otherwise. */
export function expectedOf({ code, out, error }: Outcome, { differs }: Case): unknown {
  return {
    code: differs?.code ?? code,
    out: differs?.out ? expect.stringMatching(differs.out) : out,
    error: differs?.error ? expect.stringMatching(differs.error) : error,
  }
}

function timeless(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<date>')
    .replaceAll(/"date-(sec|nsec)": \d+/g, '"date-$1": <time>')
    .replaceAll(/"vm-clock-(sec|nsec)": \d+/g, '"vm-clock-$1": <time>')
    .replaceAll(/Run completed in [\d.]+ seconds/g, 'Run completed in <time> seconds')
    .replaceAll(/(?: {4}\(\d+\.\d\d\/100%\)\r)+/g, progress)
    .replaceAll(/"cid": \d+/g, '"cid": <random>')
}

/** Never going down, and how it ends. */
function progress(lines: string): string {
  const percents = [...lines.matchAll(/\((\d+\.\d\d)\//g)].map(([, text]) => Number(text))
  const rises = percents.every((percent, index) => index === 0 || percent >= (percents[index - 1] ?? 0))
  return `<progress ${rises ? 'to' : 'goes down before'} ${percents.at(-1)}>\r`
}

function upTo(text: string, mark: string): string {
  const at = text.indexOf(mark)
  return at < 0 ? text : text.slice(0, at + mark.length)
}
