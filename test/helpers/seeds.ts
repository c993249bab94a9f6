// The seeds of a random test: one that never changes, one that is new every time, or the one asked for.

import { randomNumbers } from './faulty-storage.ts'

/** `SPINDLE_SEED=123` replays one seed; it stands in the name of every test that used it. */
export function seeds(): readonly number[] {
  const asked = process.env['SPINDLE_SEED']
  if (asked !== undefined) return [Number(asked)]
  return isFreshLeftOut() ? [20_260_101] : [20_260_101, freshSeed()]
}

/** `SPINDLE_FRESH=no`: whether a change is sound must not depend on luck (`.ci/run`). */
function isFreshLeftOut(): boolean {
  return process.env['SPINDLE_FRESH'] === 'no'
}

function freshSeed(): number {
  return isFreshLeftOut() ? 20_260_102 : Math.floor(Math.random() * 2 ** 31)
}

/** Where more are asked for: what costs too much to be done often stays rarer than the rest. */
const MOST_TIMES = 64

/** Seeds for `count` histories: most the same every time, some new. `SPINDLE_HISTORIES=1000` asks for more of them. */
export function historySeeds(count: number): readonly number[] {
  if (process.env['SPINDLE_SEED'] !== undefined) return seeds()
  const asked = Math.min(Number(process.env['SPINDLE_HISTORIES'] ?? count), count * MOST_TIMES)
  const fixed = Math.min(asked, Math.ceil(count * 0.8))
  const fresh = freshSeed()
  return Array.from({ length: asked }, (_, index) => (index < fixed ? index : fresh + index))
}

export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number
  /** True `chance` times out of one. */
  happens(chance: number): boolean
  pick<T>(choices: readonly T[]): T
  /** Non-zero bytes that compress neither too well nor too badly. */
  bytes(length: number): Uint8Array
}

/** Everything the same for the same seed. */
export function randomFrom(seed: number): Random {
  const next = randomNumbers(seed)
  const below = (end: number): number => Math.floor(next() * end)
  return {
    below,
    happens: (chance) => next() < chance,
    pick: (choices) => {
      const choice = choices[below(choices.length)]
      if (choice === undefined) throw new Error('nothing to choose from')
      return choice
    },
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      for (let at = 0; at < length;) {
        const run = Math.min(length - at, 1 + below(64))
        bytes.fill(1 + below(255), at, at + run)
        at += run
      }
      return bytes
    },
  }
}
