// Images Spindle has made and written, at random: QEMU finds nothing wrong with them, and can go on writing them.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { firstDifference } from '../helpers/disk-model.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'
import { descriptions, maps } from './agreement.ts'
import { randomDesign } from './design.ts'
import { DISK, makeChain, qemuWork, spindleContent, spindleCreate, spindleWork } from './history.ts'

test.for(historySeeds(48))(
  'an image Spindle wrote is sound and reads the same for QEMU: SPINDLE_SEED=%i',
  async (seed) => {
    const random = randomFrom(seed)
    const design = randomDesign(random)
    const folder = scratchFolder()
    const [writer, judge] = [random.pick(oracles()), random.pick(oracles())].map((oracle) => new Qemu(oracle, folder))
    if (!writer || !judge) throw new Error('there is no QEMU')

    makeChain(writer, design, random)
    const model = await spindleCreate(folder, design, random)
    expect(judge.check(DISK)).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    await spindleWork(folder, model, design, random)
    expect(judge.check(DISK)).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    expect(firstDifference(judge.content(DISK), model.bytes)).toBeUndefined()
    const map = await maps(judge)
    expect(map.ours).toEqual(map.theirs)
    const description = await descriptions(judge)
    expect(description.ours).toEqual(description.theirs)

    qemuWork(writer, design, random)
    expect(judge.check(DISK)).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    model.bytes.set(judge.content(DISK))
    expect(firstDifference(await spindleContent(join(folder, DISK), 'qcow2'), model.bytes)).toBeUndefined()
    await spindleWork(folder, model, design, random)
    expect(judge.check(DISK)).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    expect(firstDifference(judge.content(DISK), model.bytes)).toBeUndefined()
    tally('histories of writes', 1)
  },
)
