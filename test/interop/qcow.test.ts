// qcow images of version 1 that QEMU has written, at random: Spindle reads them the same.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KiB, MiB } from '../../core/model/units.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { descriptions, maps } from './agreement.ts'
import { qemuAlone } from './format-history.ts'
import type { FormatDesign } from './format-history.ts'
import { spindleContent } from './history.ts'

/** Few, for QEMU syncs after every table of this format. */
test.for(historySeeds(4))('an image QEMU wrote reads the same: SPINDLE_SEED=%i', async (seed) => {
  expect(await qemuAlone(seed, randomQcow)).toBeUndefined()
})

test.for(seeds().flatMap((seed) => oracles().map((oracle) => [oracle.version, seed] as const)))(
  'what QEMU %s packed reads the same (seed %i)',
  async ([version, seed]) => {
    const random = randomFrom(seed)
    const oracle = oracles().find((one) => one.version === version)
    if (!oracle) throw new Error('there is no QEMU')
    const qemu = new Qemu(oracle, scratchFolder(), 'qcow')
    writeFileSync(join(qemu.folder, 'pattern'), random.bytes(3000))
    qemu.img('create', '-q', '-f', 'qcow', 'disk.qcow', '1M')
    const clusters = Array.from({ length: 256 }, (_, cluster) => cluster * 4096).filter(() => random.happens(0.6))
    const words = (): string => random.pick(['-c -P 7', '-c -s pattern', '-P 9'])
    qemu.io(
      'disk.qcow',
      clusters.map((offset) => `write ${words()} ${offset} 4096`),
    )
    const read = await spindleContent(join(qemu.folder, 'disk.qcow'), 'qcow')
    expect(firstDifference(read, qemu.content('disk.qcow'))).toBeUndefined()
    const map = await maps(qemu, 'disk.qcow')
    expect(map.ours).toEqual(map.theirs)
    const described = await descriptions(qemu, 'disk.qcow')
    expect(described.ours).toEqual(described.theirs)
  },
)

function randomQcow(random: Random): FormatDesign {
  const size = MiB * (1 + random.below(3)) - 512 * random.pick([0, 0, random.below(2048)])
  const below = random.happens(0.5) ? { belowSize: Math.max(512, 512 * random.below(size / 512)) } : {}
  return { format: 'qcow', options: {}, size: Math.max(512, size), block: random.pick([4 * KiB, 64 * KiB]), ...below }
}
