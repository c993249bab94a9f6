// Random qcow2 images, worked on by QEMU: both checks count the same, and so they do when counts are damaged.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qcow2Places } from '../helpers/qcow2-places.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import { randomDesign } from '../interop/design.ts'
import { DISK, makeChain, qemuCreate, qemuWork } from '../interop/history.ts'

test.for(historySeeds(20))('a random image is measured as QEMU measures it: SPINDLE_SEED=%i', async (seed) => {
  const random = randomFrom(seed)
  const design = randomDesign(random)
  const qemu = new Qemu(newestOracle(), scratchFolder())
  makeChain(qemu, design, random)
  qemuCreate(qemu, design)
  const clusters = Math.ceil(design.size / design.clusterSize)
  const untouched = new Set(design.compress ? Array(clusters).keys() : [])
  qemuWork(qemu, design, random, untouched)
  for (let count = design.snapshots ? 1 + random.below(2) : 0; count > 0; count -= 1) {
    qemu.img('snapshot', '-c', `before-${count}`, DISK)
    qemuWork(qemu, design, random, untouched)
  }
  const image = new Qcow2Places(readFileSync(join(qemu.folder, DISK)))
  const checker = async () => qcow2Driver.checker?.(new MemoryStorage('disk', image.bytes, false))
  const sound = await (await checker())?.check()
  // Now and then QEMU packs a cluster into one that it uses for something else, and says so itself.
  expect(sound?.totals).toEqual(qemu.totals(DISK))

  const { refcountBits } = image.geometry
  for (let count = 0; count < 10; count += 1) {
    const offset = random.below(Math.floor(image.bytes.length / image.clusterSize)) * image.clusterSize
    image.setCount(offset, random.below(Math.min(2 ** refcountBits, 6)))
  }
  writeFileSync(join(qemu.folder, DISK), image.bytes)
  const damaged = await (await checker())?.check()
  expect(damaged?.totals).toEqual(qemu.totals(DISK))
})
