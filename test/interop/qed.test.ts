// QED images in the hands of QEMU and Spindle in turn, at random: both see the same, and neither finds anything wrong.

import { test } from 'vitest'
import { KiB, MiB } from '../../core/model/units.ts'
import { historySeeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { qemuFirst, spindleFirst } from './format-history.ts'
import type { FormatDesign } from './format-history.ts'

test.for(historySeeds(12))(
  'an image QEMU wrote reads the same, and is sound after more work: SPINDLE_SEED=%i',
  (seed) => qemuFirst(seed, randomQed),
)

test.for(historySeeds(12))('an image Spindle wrote is sound and reads the same for QEMU: SPINDLE_SEED=%i', (seed) =>
  spindleFirst(seed, randomQed),
)

function randomQed(random: Random): FormatDesign {
  const block = random.pick([4, 4, 8, 16, 64, 64, 256]) * KiB
  const tableSize = random.pick([2, 4, 4, 8, 16])
  const size = 512 * (1 + random.below((Math.min(8 * MiB, block * 600) - 512) / 512))
  return {
    format: 'qed',
    options: { cluster_size: block, table_size: tableSize },
    size,
    block,
    ...(random.happens(0.5) && { belowSize: 512 * (1 + random.below((size + MiB) / 512)) }),
  }
}
