// Images QEMU has written, at random: Spindle reads them the same, and can go on writing them.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskModel, firstDifference } from '../helpers/disk-model.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'
import { descriptions, maps } from './agreement.ts'
import { randomDesign } from './design.ts'
import type { Design } from './design.ts'
import { DISK, makeChain, qemuCreate, qemuWork, spindleContent, spindleWork } from './history.ts'

test.for(historySeeds(48))(
  'an image QEMU wrote reads the same, and is sound after more work: SPINDLE_SEED=%i',
  async (seed) => {
    const random = randomFrom(seed)
    const design = randomDesign(random)
    const folder = scratchFolder()
    const [writer, judge] = [random.pick(oracles()), random.pick(oracles())].map((oracle) => new Qemu(oracle, folder))
    if (!writer || !judge) throw new Error('there is no QEMU')

    makeChain(writer, design, random)
    qemuCreate(writer, design)
    const untouched = new Set(design.compress && clusterCount(design) > 0 ? Array(clusterCount(design)).keys() : [])
    qemuWork(writer, design, random, untouched)
    const snapshots = design.snapshots ? 1 + random.below(2) : 0
    for (let count = 0; count < snapshots; count += 1) {
      writer.img('snapshot', '-c', `before-${count}`, DISK)
      qemuWork(writer, design, random, untouched)
    }

    const below = design.chain[0]
    const content = judge.content(DISK)
    expect(firstDifference(await spindleContent(join(folder, DISK), 'qcow2'), content)).toBeUndefined()
    const map = await maps(judge)
    expect(map.ours).toEqual(map.theirs)
    const description = await descriptions(judge)
    expect(description.ours).toEqual(description.theirs)

    const frozen = Array.from({ length: snapshots }, (_, index) => judge.content(DISK, '-l', `before-${index}`))
    const model = new DiskModel(design.size, below && (await spindleContent(join(folder, below.name), below.format)))
    model.bytes.set(content)
    await spindleWork(folder, model, design, random)
    expect(judge.check(DISK)).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    expect(firstDifference(judge.content(DISK), model.bytes)).toBeUndefined()
    const after = await maps(judge)
    expect(after.ours).toEqual(after.theirs)
    for (const [index, before] of frozen.entries()) {
      expect(firstDifference(judge.content(DISK, '-l', `before-${index}`), before)).toBeUndefined()
    }
    tally('histories of writes', 1)
  },
)

function clusterCount({ size, clusterSize }: Design): number {
  return Math.ceil(size / clusterSize)
}
