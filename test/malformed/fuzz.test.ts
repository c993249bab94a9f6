// Images of all formats damaged at random: whatever is done with them ends, in bounds, with a result or a plain sentence.

import { expect, test } from 'vitest'
import { caseOf, keptMutants } from '../fuzz/case.ts'
import { trial } from '../fuzz/trial.ts'
import { victims } from '../fuzz/victims.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'

/** Cases for each seed; `SPINDLE_HISTORIES=10000` asks for more, `npm run fuzz` for minutes. */
const CASES = Number(process.env['SPINDLE_HISTORIES'] ?? 100)

const among = await victims()

test.for(among.map((victim) => [victim.name, victim] as const))('undamaged: %s', async ([, victim]) => {
  expect(await trial({ ...victim, words: victim.name }, randomFrom(1))).toBeUndefined()
})

test.for(seeds())('damaged at random (seed %i)', { timeout: 600_000 }, async (seed) => {
  for (let index = 0; index < CASES; index += 1) {
    const { mutant, random } = caseOf(seed + index, among)
    expect(await trial(mutant, random), `SPINDLE_SEED=${seed + index}, ${mutant.words}`).toBeUndefined()
  }
  tally('fuzz cases', CASES)
})

test.each(keptMutants())('as it failed once: $name, $words', async (mutant) => {
  for (let seed = 0; seed < 4; seed += 1) expect(await trial(mutant, randomFrom(seed))).toBeUndefined()
})
