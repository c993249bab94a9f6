// VMDK images in the hands of QEMU and Spindle in turn, at random, and forms that only one of the two makes.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KiB, MiB } from '../../core/model/units.ts'
import { DiskModel, firstDifference, randomStep } from '../helpers/disk-model.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { qemuFirst, spindleFirst } from './format-history.ts'
import type { FormatDesign } from './format-history.ts'
import { openImage, spindleContent } from './history.ts'

const SUBFORMATS = ['monolithicSparse', 'monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'] as const

test.for(historySeeds(10))(
  'an image QEMU wrote reads the same, and is sound after more work: SPINDLE_SEED=%i',
  async (seed) => {
    await expect(qemuFirst(seed, randomVmdk)).resolves.toBeUndefined()
  },
)

test.for(historySeeds(10))(
  'an image Spindle wrote is sound and reads the same for QEMU: SPINDLE_SEED=%i',
  async (seed) => {
    await expect(spindleFirst(seed, randomVmdk)).resolves.toBeUndefined()
  },
)

function randomVmdk(random: Random): FormatDesign {
  const subformat = random.pick([...SUBFORMATS, 'monolithicSparse', 'twoGbMaxExtentSparse'])
  const isFlat = subformat.endsWith('Flat')
  const options = {
    subformat,
    ...(!isFlat && random.happens(0.4) && { zeroed_grain: true }),
    ...(random.happens(0.3) && { adapter_type: random.pick(['lsilogic', 'buslogic', 'legacyESX']) }),
    ...(random.happens(0.2) && { hwversion: '7' }),
  }
  const size = 512 * (1 + random.below(random.pick([256, 8192, 80_000])))
  return { format: 'vmdk', options, size, block: 64 * KiB, isFlat }
}

describe.each(oracles())('QEMU $version', (oracle) => {
  test.for(historySeeds(4))(
    'packed for transport by either, it reads the same in both: SPINDLE_SEED=%i',
    async (seed) => {
      const random = randomFrom(seed)
      const qemu = new Qemu(oracle, scratchFolder(), 'vmdk')
      const size = 512 * (1 + random.below(100_000))
      const content = randomContent(random, size)
      writeFileSync(join(qemu.folder, 'disk.raw'), content)
      const path = (name: string) => join(qemu.folder, name)
      const words = ['-O', 'vmdk', '-o', 'subformat=streamOptimized']
      qemu.img('convert', '-f', 'raw', ...words, 'disk.raw', 'theirs.vmdk')
      expect(firstDifference(await spindleContent(path('theirs.vmdk'), 'vmdk'), content)).toBeUndefined()
      expect(await spindleHere('convert', ...words, '-f', 'raw', path('disk.raw'), path('ours.vmdk'))).toMatchObject({
        code: 0,
      })
      expect(firstDifference(await spindleContent(path('ours.vmdk'), 'vmdk'), content)).toBeUndefined()
      expect(firstDifference(qemu.content('ours.vmdk'), content)).toBeUndefined()
      expect(qemu.check('ours.vmdk')).toMatchObject({ corruptions: 0, errors: 0 })
      for (const name of ['theirs.vmdk', 'ours.vmdk']) {
        const checked = await spindleHere('check', path(name))
        expect(checked).toMatchObject({ code: 0 })
        await using disk = await openImage(path(name), 'vmdk', 'write')
        expect(disk.writable).toBe(false)
        expect(disk.top.unwritable?.message).toContain('packed for transport')
      }
    },
  )

  test('an image in several pieces of 2 GiB is read and written across their borders', async () => {
    const qemu = new Qemu(oracle, scratchFolder(), 'vmdk')
    const size = 5 * 1024 * MiB + 512
    for (const [name, subformat] of [
      ['sparse.vmdk', 'twoGbMaxExtentSparse'],
      ['flat.vmdk', 'twoGbMaxExtentFlat'],
    ] as const) {
      const path = join(qemu.folder, name)
      const made = await spindleHere('create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, path, String(size))
      expect(made).toMatchObject({ code: 0 })
      const border = 2 * 1024 * MiB
      const bytes = new Uint8Array(400 * KiB).fill(7)
      {
        await using disk = await openImage(path, 'vmdk', 'write')
        await disk.write(border - 100 * KiB, bytes)
        await disk.write(2 * border - 512, bytes.subarray(0, 1024))
        await disk.write(size - 512, bytes.subarray(0, 512))
      }
      qemu.io(name, [
        `read -P 7 ${border - 100 * KiB} 400k`,
        `read -P 7 ${2 * border - 512} 1k`,
        `read -P 7 ${size - 512} 512`,
        `read -P 0 ${border + 300 * KiB} 1M`,
        `write -P 9 ${2 * border - 64 * KiB} 128k`,
      ])
      await using disk = await openImage(path, 'vmdk', 'read')
      const read = new Uint8Array(128 * KiB)
      await disk.read(2 * border - 64 * KiB, read)
      expect(read.every((byte) => byte === 9)).toBe(true)
      expect(disk.top.files?.length).toBe(3)
    }
  })

  test.for(seeds())('a delta lies on its parent, and knows when that was changed (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const qemu = new Qemu(oracle, scratchFolder(), 'vmdk')
    const path = (name: string) => join(qemu.folder, name)
    const size = 3 * MiB
    qemu.img('create', '-q', '-f', 'vmdk', 'base.vmdk', String(size))
    const model = new DiskModel(size)
    {
      await using disk = await openImage(path('base.vmdk'), 'vmdk', 'write')
      for (let step = 0; step < 10; step += 1) await model.apply(disk, randomStep(random, size, 64 * KiB))
    }
    const words = ['-q', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk']
    qemu.img('create', ...words, 'theirs.vmdk')
    expect(await spindleHere('create', ...words, '-o', 'zeroed_grain=on', path('ours.vmdk'))).toMatchObject({ code: 0 })
    for (const name of ['theirs.vmdk', 'ours.vmdk']) {
      const above = new DiskModel(size, model.bytes)
      {
        await using disk = await openImage(path(name), 'vmdk', 'write')
        for (let step = 0; step < 20; step += 1) await above.apply(disk, randomStep(random, size, 64 * KiB))
      }
      expect(firstDifference(qemu.content(name), above.bytes)).toBeUndefined()
      qemu.io(name, ['write -P 5 100k 200k'])
      above.bytes.fill(5, 100 * KiB, 300 * KiB)
      expect(firstDifference(await spindleContent(path(name), 'vmdk'), above.bytes)).toBeUndefined()
    }
    qemu.io('base.vmdk', ['write -P 1 0 512'])
    const before = readFileSync(path('ours.vmdk'))
    await expect(openImage(path('ours.vmdk'), 'vmdk', 'read')).rejects.toMatchObject({ code: 'invalid-image' })
    expect(readFileSync(path('ours.vmdk')).equals(before)).toBe(true)
  })
})

function randomContent(random: Random, size: number): Uint8Array {
  const content = new Uint8Array(size)
  for (let count = 0; count < 12; count += 1) {
    const at = random.below(size)
    const length = Math.min(size - at, random.below(300_000))
    // Some of it cannot be packed at all.
    const bytes = random.happens(0.5) ? random.bytes(length) : Uint8Array.from({ length }, () => random.below(256))
    content.set(bytes, at)
  }
  return content
}
