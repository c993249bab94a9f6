// VDI images in the hands of QEMU and Spindle in turn, at random: both see the same, and neither finds anything wrong.

import { test } from 'vitest'
import { MiB } from '../../core/model/units.ts'
import { historySeeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { qemuFirst, spindleFirst } from './format-history.ts'
import type { FormatDesign } from './format-history.ts'

test.for(historySeeds(12))(
  'an image QEMU wrote reads the same, and is sound after more work: SPINDLE_SEED=%i',
  (seed) => qemuFirst(seed, randomVdi),
)

test.for(historySeeds(12))('an image Spindle wrote is sound and reads the same for QEMU: SPINDLE_SEED=%i', (seed) =>
  spindleFirst(seed, randomVdi),
)

function randomVdi(random: Random): FormatDesign {
  const size = MiB * (1 + random.below(6)) - 512 * random.pick([0, 0, random.below(2048)])
  return {
    format: 'vdi',
    options: random.pick([{}, {}, { static: true }]),
    size: Math.max(512, size),
    block: random.pick([MiB, 65_536]),
  }
}
