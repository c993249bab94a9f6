// The comparer: finds where two disks hold different bytes, reading no more than it must. Knows no format.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { MiB } from '../model/units.ts'
import { COMPARE_BUFFER, addDifference, compareWindow, compareWindowsOf } from './compare-window.ts'
import type { CompareWindow, Difference } from './compare-window.ts'
import { TransferPool } from './pool.ts'
import { PoolComparer, isShareable } from './pool-mover.ts'
import { Stop } from './stop.ts'

export type { Difference } from './compare-window.ts'

/** Below this the work is done before a thread has started. */
const POOL_FROM = 64 * MiB

export interface CompareOptions {
  /** Called with the guest bytes of each window that is done. */
  readonly pace?: Pace
  readonly signal?: AbortSignal
  /** Left out, a large comparison has threads of its own. */
  readonly pool?: TransferPool
}

export interface Comparison {
  /** Same bytes; what one disk is longer by must be zeros. */
  readonly identical: boolean
  /** Guest offset of the first byte that differs. */
  readonly firstDifference?: number
  readonly sizeDiffers: boolean
}

/** Guest bytes that comparing two disks would read: the total of its progress. */
export async function planComparison(left: VirtualDisk, right: VirtualDisk, pace?: Pace): Promise<number> {
  let total = 0
  for await (const window of compareWindowsOf(left, right, pace)) total += window.length
  return total
}

/** Stops at the first difference. */
export async function compareDisks(
  left: VirtualDisk,
  right: VirtualDisk,
  options: CompareOptions = {},
): Promise<Comparison> {
  const sizeDiffers = left.size !== right.size
  for await (const [first] of comparedWindows(left, right, options)) {
    if (first) return { identical: false, firstDifference: first.offset, sizeDiffers }
  }
  return { identical: true, sizeDiffers }
}

/** All ranges that differ, ascending; those less than a sector apart are told as one. May be left at any time. */
export async function* differencesOf(
  left: VirtualDisk,
  right: VirtualDisk,
  options: CompareOptions = {},
): AsyncGenerator<Difference> {
  const open: Difference[] = []
  for await (const found of comparedWindows(left, right, options)) {
    for (const difference of found) addDifference(open, difference)
    // The last one may go on in the next window.
    yield* open.splice(0, open.length - 1)
  }
  yield* open
}

/** The differences window by window. When it is left, no thread is reading any more. */
async function* comparedWindows(
  left: VirtualDisk,
  right: VirtualDisk,
  options: CompareOptions,
): AsyncGenerator<readonly Difference[]> {
  const stop = new Stop(options.signal)
  await using ownPool = options.pool ? undefined : new TransferPool()
  const pool = options.pool ?? ownPool
  let pooled: PoolComparer | undefined
  const buffer = new Uint8Array(COMPARE_BUFFER)
  const pace: Pace = (bytes) => {
    stop.check()
    return options.pace?.(bytes)
  }
  const queue: Promise<readonly Difference[]>[] = []
  let begun = 0
  try {
    for await (const window of compareWindowsOf(left, right, pace)) {
      if (pool && begun >= POOL_FROM) pooled ??= new PoolComparer(pool, stop.flag)
      const elsewhere = pooled && pooled.capacity > 0 && window.sources.every(isShareable) ? pooled : undefined
      begun += window.length
      const work = done(window, elsewhere ? elsewhere.compare(window) : compareWindow(window, buffer, stop.check))
      // Its failure is thrown where its turn comes.
      work.catch(() => {})
      queue.push(work)
      // Work in this thread never waits for anything: without a turn of its own a cancellation would not come through.
      if (!elsewhere) await nextTurn()
      while (queue.length >= (elsewhere?.capacity ?? 1)) yield await (queue.shift() ?? [])
    }
    while (queue.length > 0) yield await (queue.shift() ?? [])
  } finally {
    stop.cancel()
    await Promise.allSettled(queue)
    stop.end()
  }

  async function done(window: CompareWindow, work: Promise<readonly Difference[]>): Promise<readonly Difference[]> {
    const found = await work
    await pace(window.length)
    return found
  }
}
