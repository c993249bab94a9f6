// Room that a change frees goes back to the file system last: until then a crash finds everything that was there.

import { expect, test } from 'vitest'
import { KiB } from '../../core/model/units.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { ImageStates } from '../helpers/image-states.ts'
import type { ImageStep } from '../helpers/image-states.ts'
import { randomFrom } from '../helpers/seeds.ts'

const CHANGES: readonly Exclude<ImageStep, { kind: 'work' }>[] = [
  { kind: 'apply', index: 0 },
  { kind: 'remove', index: 0 },
  { kind: 'remove', index: 2 },
  { kind: 'rename', index: 1, name: 'another name' },
  { kind: 'resize', size: 20 * KiB + 512, preallocation: 'off' },
]

test.each(CHANGES)('$kind $index gives room back after all else is written', async (change) => {
  const random = randomFrom(11)
  const states = await ImageStates.create({ size: 200 * KiB, options: { cluster_size: KiB } })
  for (const name of ['first', 'second', 'third']) {
    await states.do({ kind: 'work', count: 12 }, random)
    await states.do({ kind: 'create', name }, random)
  }
  await states.do({ kind: 'work', count: 12 }, random)
  const recording = await RecordingStorage.over(states.folder.file('disk'))
  states.storage = recording
  await states.do(change, random)
  const kinds = recording.log.map(({ kind }) => kind)
  const firstDiscard = kinds.indexOf('discard')
  expect(firstDiscard).toBeGreaterThan(0)
  expect(kinds.slice(firstDiscard).filter((kind) => kind !== 'discard' && kind !== 'flush')).toEqual([])
  // What was freed and used again in the same change has kept what was written there.
  expect(await states.difference()).toBeUndefined()
  expect(await states.damage()).toBeUndefined()
})
