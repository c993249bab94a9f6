// Random work on images with snapshots: the disk and every snapshot read as a model in memory has them, after every step.

import { describe, expect, test } from 'vitest'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import { KiB } from '../../core/model/units.ts'
import { ImageStates } from '../helpers/image-states.ts'
import type { StatesSpec } from '../helpers/image-states.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'

/** Steps for each image and seed; `SPINDLE_OPERATIONS` asks for more in all. */
const PER_RUN = 20

interface Subject extends Omit<StatesSpec, 'below'> {
  readonly name: string
  /** Bytes of a raw disk below. */
  readonly belowSize?: number
}

const SUBJECTS: readonly Subject[] = [
  { name: '512-byte clusters', size: 90 * KiB, options: { cluster_size: 512 } },
  { name: '1 KiB clusters', size: 300 * KiB + 512, options: { cluster_size: KiB } },
  { name: '4 KiB clusters over a raw disk', size: 200 * KiB, belowSize: 333 * KiB, options: { cluster_size: 4 * KiB } },
  { name: '64 KiB clusters', size: 900 * KiB, options: {} },
  { name: 'version 2', size: 120 * KiB, options: { cluster_size: 512, compat: '0.10' } },
  {
    name: 'version 2 over a raw disk',
    size: 120 * KiB,
    belowSize: 180 * KiB,
    options: { cluster_size: KiB, compat: '0.10' },
  },
  { name: 'subclusters', size: 400 * KiB, options: { cluster_size: 16 * KiB, extended_l2: true } },
  {
    name: 'subclusters over a raw disk',
    size: 400 * KiB,
    belowSize: 600 * KiB,
    options: { cluster_size: 32 * KiB, extended_l2: true },
  },
  { name: '8-bit counts', size: 100 * KiB, options: { cluster_size: 512, refcount_bits: 8 } },
  { name: '64-bit counts', size: 100 * KiB, options: { cluster_size: 512, refcount_bits: 64 } },
]

const runs = Math.max(1, Math.ceil(Number(process.env['SPINDLE_OPERATIONS'] ?? 0) / (SUBJECTS.length * PER_RUN)))
const all = seeds().flatMap((seed) => (runs === 1 ? [seed] : Array.from({ length: runs }, (_, run) => seed + run)))

describe.each(SUBJECTS)('$name', ({ size, options, belowSize }) => {
  test.for(all)('every state of the disk is what it must be: SPINDLE_SEED=%i', async (seed) => {
    const random = randomFrom(seed)
    const states = await ImageStates.create({
      size,
      options,
      ...(belowSize !== undefined && { below: random.bytes(belowSize) }),
    })
    for (let count = 0; count < PER_RUN; count += 1) await oneStep(states, random, count)
    const file = states.folder.file('disk')
    // The rest could be taken back: what is freed keeps its old bytes then.
    const before = await file.bytes()
    const undo = await UndoStorage.over(file, new MemoryStorage('log'))
    states.storage = undo
    for (let count = 0; count < PER_RUN / 2; count += 1) await oneStep(states, random, PER_RUN + count)
    const listed = await states.list()
    expect(listed.map(({ id, name }) => [id, name])).toEqual(states.snapshots.map(({ id, name }) => [id, name]))
    expect(await (random.happens(0.5) ? takenBack(undo, file, before) : madeFinal(undo, file, states))).toBeUndefined()
  })
})

async function takenBack(undo: UndoStorage, file: MemoryStorage, before: Uint8Array): Promise<string | undefined> {
  await undo.rollBack()
  return firstDifference(await file.bytes(), before)
}

async function madeFinal(undo: UndoStorage, file: MemoryStorage, states: ImageStates): Promise<string | undefined> {
  await undo.complete()
  await undo.release()
  return (await states.difference(file)) ?? states.damage(file)
}

async function oneStep(states: ImageStates, random: Random, count: number): Promise<void> {
  const step = states.randomStep(random)
  await states.do(step, random)
  tally('operations against the model', 1)
  const what = `step ${count}: ${JSON.stringify(step)}`
  expect(await states.difference(), what).toBeUndefined()
  expect(await states.damage(), what).toBeUndefined()
}
