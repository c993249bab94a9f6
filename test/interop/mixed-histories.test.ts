// Everything a user does to an image, mixed at random: QEMU and Spindle do each step side by side and must agree.

import { expect, test } from 'vitest'
import { KiB } from '../../core/model/units.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'
import { randomDesign } from './design.ts'
import { MixedHistory } from './mixed-history.ts'

const STEPS = 8
/** Bytes of a disk, where clusters are small enough. */
const MOST = 1536 * KiB

test.for(historySeeds(16))('QEMU and Spindle agree after every step: SPINDLE_SEED=%i', async (seed) => {
  const random = randomFrom(seed)
  const design = randomDesign(random, MOST)
  const history = await MixedHistory.begin(random, design, scratchFolder())
  const done = [JSON.stringify(design)]
  for (let count = 0; count < STEPS; count += 1) {
    const { what, wrong } = await history.step()
    done.push(`${count}: ${what}`)
    expect(wrong, done.join('\n')).toBeUndefined()
  }
  tally('mixed histories', 1)
  tally('steps of mixed histories', STEPS)
})
