// How long a job will still take, said only once it can be said honestly.

/** Bytes done at a moment (milliseconds); samples of one phase, oldest first. */
export interface Sample {
  readonly at: number
  readonly done: number
}

const MIN_SPAN_MS = 5000
/** The newer half may be this much faster or slower than the older one and still count as steady. */
const STEADY = 1.5

/** Seconds left, or undefined in the first five seconds and while the pace jumps about. */
export function secondsLeft(samples: readonly Sample[], total: number): number | undefined {
  const first = samples[0]
  const middle = samples[Math.floor(samples.length / 2)]
  const last = samples.at(-1)
  if (!first || !middle || !last || last.at - first.at < MIN_SPAN_MS) return undefined
  const older = pace(first, middle)
  const newer = pace(middle, last)
  if (older <= 0 || newer <= 0 || newer / older > STEADY || older / newer > STEADY) return undefined
  return Math.max(0, total - last.done) / pace(first, last)
}

/** Bytes a second. */
function pace(from: Sample, to: Sample): number {
  return to.at > from.at ? ((to.done - from.done) / (to.at - from.at)) * 1000 : 0
}
