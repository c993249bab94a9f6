// Parallels images QEMU has written, at random: Spindle reads them the same, and finds what QEMU finds in them.

import { expect, test } from 'vitest'
import { KiB, MiB } from '../../core/model/units.ts'
import { historySeeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { qemuAlone } from './format-history.ts'
import type { FormatDesign } from './format-history.ts'

test.for(historySeeds(12))('an image QEMU wrote reads the same: SPINDLE_SEED=%i', async (seed) => {
  expect(await qemuAlone(seed, randomParallels)).toBeUndefined()
})

function randomParallels(random: Random): FormatDesign {
  const size = MiB * (1 + random.below(6)) - 512 * random.pick([0, 0, random.below(2048)])
  const options = random.pick([{}, { cluster_size: 64 * KiB }, { cluster_size: 4 * KiB }])
  return { format: 'parallels', options, size: Math.max(512, size), block: random.pick([MiB, 64 * KiB]) }
}
