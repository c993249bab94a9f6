// Repairs that are cut off at any moment: the undo log alone leads back, and even without it no byte of the disk changes.

import { expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { rollBack } from '../../core/storage/undo-log.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { Budget, SwitchedOff, limited } from '../helpers/limited-storage.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { sharedFolder } from '../helpers/scratch.ts'
import { seeds } from '../helpers/seeds.ts'
import { DAMAGES, RealImages } from './qcow2-damages.ts'
import { changedClusters, readableClusters } from './qcow2-readable.ts'

const images = new RealImages(new Qemu(newestOracle(), sharedFolder()))

/** One for every way a repair writes. */
const PATHS = DAMAGES.filter(({ name }) =>
  [
    'leaks side by side',
    'all counts zero',
    'no refcount block',
    'a refcount block where the L1 table is',
    'data where the refcount table is',
    'two clusters of the disk in one place',
    'an L2 flag that claims too much',
    'a snapshot that does not say how large the disk was',
    'both marks, and a count too low',
    'one of two bitmaps that was being changed',
    'bitmaps no one kept up to date',
    'a place for snapshots that is none, and no snapshots',
  ].includes(name),
)

async function repair(storage: Storage): Promise<void> {
  const checker = await qcow2Driver.checker?.(storage)
  const report = await checker?.repair('all')
  expect(report?.repaired).not.toEqual([])
}

test('every way to repair is cut off here', () => {
  expect(PATHS).toHaveLength(12)
})

test.each(PATHS)('cut off after any call, the log leads back: $name', async ({ kind, damage }) => {
  const image = images.get(kind)
  damage(image)
  for (let calls = 0; ; calls += 1) {
    const file = new MemoryStorage('disk', image.bytes)
    const log = new MemoryStorage('log')
    const budget = new Budget(calls)
    const isDone = await change(limited(file, budget), limited(log, budget))
    await rollBack(log, file)
    const same = Buffer.compare(await file.bytes(), image.bytes) === 0
    expect(same, `after ${calls} calls`).toBe(true)
    if (isDone) break
  }
})

/** False when it was cut off. */
async function change(file: Storage, log: Storage): Promise<boolean> {
  try {
    const undo = await UndoStorage.over(file, log)
    await repair(undo)
    await undo.complete()
    return true
  } catch (error) {
    if (error instanceof SwitchedOff) return false
    throw error
  }
}

test.each(PATHS)('without any log the disk reads the same after every crash: $name', async ({ kind, damage }) => {
  const image = images.get(kind)
  damage(image)
  const before = await readableClusters(image.bytes, images.dataFile)
  const recording = await RecordingStorage.over(new MemoryStorage('disk', image.bytes))
  await repair(recording)
  const [seed = 0] = seeds()
  for await (const state of recording.crashStates({ seed, limit: 24 })) {
    const after = await readableClusters(await state.storage.bytes(), images.dataFile)
    expect(changedClusters(before, after), state.description).toEqual([])
  }
})
