// How operations stop when asked to, and how their loops report.

import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises'
import type { OperationContext } from '../jobs/operation.ts'
import type { Pace } from '../jobs/pace.ts'
import { SpindleError } from '../model/error.ts'
import type { Phase } from '../model/job.ts'

/** Milliseconds a loop may keep the thread to itself. */
const LONGEST_TURN = 20

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new SpindleError('cancelled', 'Cancelled. Nothing was changed.')
}

/** Waits for the work, but no longer than until the signal; how the work ends after that is of no interest. */
export async function untilCancelled<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
  throwIfCancelled(signal)
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = (): void => resolve()
  signal.addEventListener('abort', stop)
  try {
    const work = start()
    work.catch(() => {})
    await Promise.race([work, promise])
    throwIfCancelled(signal)
    return await work
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** A Pace that reports bytes of `total` in this phase, and lets no more than `rate` bytes through in a second. */
export function paceOf(context: OperationContext, phase: Phase, total: number, rate?: number): Pace {
  const { signal, progress, held } = context
  const turns = rate === undefined ? turnsOf(signal) : heldBack(rate, signal)
  let done = 0
  return (bytes) => {
    done += bytes
    const turn = turns(bytes)
    progress({ phase, done, total })
    const standing = held?.()
    return standing ? standStill(standing, signal) : turn
  }
}

async function standStill(held: Promise<void>, signal: AbortSignal): Promise<void> {
  await held
  throwIfCancelled(signal)
}

function heldBack(rate: number, signal: AbortSignal): Pace {
  const turns = turnsOf(signal)
  const started = performance.now()
  let done = 0
  return (bytes) => {
    done += bytes
    const early = (done / rate) * 1000 - (performance.now() - started)
    return early > LONGEST_TURN ? wait(early, signal) : turns(bytes)
  }
}

async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  const longest = 2 ** 31 - 1
  await setTimeout(Math.min(milliseconds, longest), undefined, { signal }).catch(() => throwIfCancelled(signal))
}

/** A Pace that only lets others in, and stops when cancelled. */
export function turnsOf(signal?: AbortSignal): Pace {
  let started = performance.now()
  return () => {
    if (signal) throwIfCancelled(signal)
    return performance.now() - started < LONGEST_TURN ? undefined : letOthersIn()
  }

  async function letOthersIn(): Promise<void> {
    await nextTurn()
    started = performance.now()
    if (signal) throwIfCancelled(signal)
  }
}
