// VHDX images in the hands of QEMU and Spindle in turn, at random: both see the same, and neither finds anything wrong.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MiB } from '../../core/model/units.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { expectSameBytes, sampleDisk } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { descriptions } from './agreement.ts'
import { qemuFirst, spindleFirst } from './format-history.ts'
import type { FormatDesign } from './format-history.ts'

test.for(historySeeds(10))(
  'an image QEMU wrote reads the same, and is sound after more work: SPINDLE_SEED=%i',
  async (seed) => {
    await expect(qemuFirst(seed, randomVhdx)).resolves.toBeUndefined()
  },
)

test.for(historySeeds(10))(
  'an image Spindle wrote is sound and reads the same for QEMU: SPINDLE_SEED=%i',
  async (seed) => {
    await expect(spindleFirst(seed, randomVhdx)).resolves.toBeUndefined()
  },
)

test.for(oracles())('an image is described in the words of QEMU $version, whoever made it', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'vhdx')
  for (const [index, options] of ['subformat=fixed', 'block_size=2M', 'block_state_zero=off'].entries()) {
    qemu.img('create', '-q', '-f', 'vhdx', '-o', options, `theirs${index}`, '9M')
    const path = join(qemu.folder, `ours${index}`)
    const made = await spindleHere('create', '-q', '-f', 'vhdx', '-o', options, path, '9M')
    expect(made).toMatchObject({ code: 0, error: '' })
    for (const name of [`theirs${index}`, `ours${index}`]) {
      const description = await descriptions(qemu, name)
      expect(description.ours).toEqual(description.theirs)
      expect(qemu.check(name)).toMatchObject({ corruptions: 0, errors: 0 })
    }
  }
})

test.for(['subformat=dynamic', 'subformat=dynamic,block_size=1M,block_state_zero=off', 'subformat=fixed,log_size=2M'])(
  'a conversion is as long as was foretold, and the same disk for every QEMU: %s',
  async (options) => {
    const folder = scratchFolder()
    const [raw, source, target] = ['raw.img', 'source.vhdx', 'target.vhdx'].map((name) => join(folder, name))
    if (raw === undefined || source === undefined || target === undefined) throw new Error('there are three names')
    const content = sampleDisk(raw)
    // Zeros that were written count as data until someone reads them: a first conversion leaves them out.
    await spindleHere('convert', '-O', 'vhdx', '-o', options, raw, source)
    const measured = await spindleHere('measure', '--output=json', '-O', 'vhdx', '-o', options, source)
    expect(await spindleHere('convert', '-O', 'vhdx', '-o', options, source, target)).toMatchObject({ code: 0 })
    expect(JSON.parse(measured.out)).toMatchObject({ required: statSync(target).size })
    for (const oracle of oracles()) {
      const qemu = new Qemu(oracle, folder, 'vhdx')
      expectSameBytes(qemu.content('target.vhdx'), content)
      expect(qemu.check('target.vhdx')).toMatchObject({ corruptions: 0, errors: 0 })
    }
  },
)

function randomVhdx(random: Random): FormatDesign {
  const size = MiB * (1 + random.below(6)) - 512 * random.pick([0, 0, random.below(2048)])
  return {
    format: 'vhdx',
    options: {
      subformat: random.pick(['dynamic', 'dynamic', 'fixed']),
      block_size: MiB * random.pick([1, 1, 2, 8]),
      block_state_zero: random.happens(0.7),
      log_size: MiB * random.pick([1, 1, 2]),
    },
    size: Math.max(512, size),
    block: random.pick([MiB, 65_536]),
    // QEMU cannot tell where the blocks are.
    isFlat: true,
  }
}
