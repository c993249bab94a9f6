// Every change in place, cut off at any moment: what is found afterwards is the image as it was, or as it was to be.

import { describe, expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { KiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { readUndoState, rollBack } from '../../core/storage/undo-log.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { FaultyStorage, RecordingStorage } from '../helpers/faulty-storage.ts'
import type { Fault } from '../helpers/faulty-storage.ts'
import { ImageStates } from '../helpers/image-states.ts'
import type { ImageStep, StatesSpec } from '../helpers/image-states.ts'
import { Budget, limited } from '../helpers/limited-storage.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'

/** Crashes with reordered writes looked at for each change; `SPINDLE_STATES` asks for more. */
const STATES = Number(process.env['SPINDLE_STATES'] ?? 24)

interface Change {
  readonly name: string
  readonly step: Exclude<ImageStep, { kind: 'work' }>
}

const CHANGES: readonly Change[] = [
  { name: 'taking a snapshot', step: { kind: 'create', name: 'new' } },
  { name: 'applying the oldest snapshot', step: { kind: 'apply', index: 0 } },
  { name: 'applying the latest snapshot', step: { kind: 'apply', index: 2 } },
  { name: 'deleting the oldest snapshot', step: { kind: 'remove', index: 0 } },
  { name: 'deleting the latest snapshot', step: { kind: 'remove', index: 2 } },
  { name: 'renaming a snapshot', step: { kind: 'rename', index: 1, name: 'another name' } },
  { name: 'growing', step: { kind: 'resize', size: 300 * KiB, preallocation: 'off' } },
  { name: 'growing, tables prepared', step: { kind: 'resize', size: 290 * KiB, preallocation: 'metadata' } },
  { name: 'growing, all of it written', step: { kind: 'resize', size: 280 * KiB, preallocation: 'full' } },
  { name: 'shrinking', step: { kind: 'resize', size: 20 * KiB + 512, preallocation: 'off' } },
]

interface Subject extends StatesSpec {
  readonly name: string
  readonly changes: readonly Change[]
}

const SUBJECTS: readonly Subject[] = [
  { name: '512-byte clusters', size: 70 * KiB, options: { cluster_size: 512 }, changes: CHANGES },
  {
    name: 'version 2',
    size: 70 * KiB,
    options: { cluster_size: 512, compat: '0.10' },
    changes: CHANGES.filter(({ step }) => step.kind !== 'resize'),
  },
  { name: 'subclusters', size: 250 * KiB, options: { cluster_size: 16 * KiB, extended_l2: true }, changes: CHANGES },
  { name: '8-bit counts', size: 60 * KiB, options: { cluster_size: KiB, refcount_bits: 8 }, changes: CHANGES },
]

describe.each(SUBJECTS)('$name', (subject) => {
  test.for(subject.changes)('cut off after any call, the undo log leads back: $name', async ({ step }) => {
    const { states, content, after } = await prepared(subject, step)
    for (let calls = 0, done = false; !done; calls += 1) {
      const file = new MemoryStorage('disk', content)
      const log = new MemoryStorage('log')
      done = await cutOff(states, step, { file, log, calls })
      const undo = await readUndoState(log, file)
      // A complete change is only to be tidied up after.
      const isFinal = undo?.complete === true
      if (!isFinal) await rollBack(log, file)
      const found = isFinal ? await states.digest(file) : firstDifference(await file.bytes(), content)
      expect(found, `after ${calls} calls`).toBe(isFinal ? after : undefined)
    }
  })

  test.for(subject.changes)('without a log, every crash leaves one or the other: $name', async ({ step }) => {
    const [seed = 0] = seeds()
    const { states, before, after } = await prepared(subject, step)
    const recording = await RecordingStorage.over(states.folder.file('disk'))
    states.storage = recording
    await states.perform(step)
    for await (const { storage, description } of recording.crashStates({ seed, limit: STATES })) {
      expect([before, after], description).toContain(await states.digest(storage))
      expect(await dangers(storage), description).toEqual([])
      tally('crashes', 1)
    }
  })

  test.for(subject.changes)('a failing device leaves one or the other: $name', async ({ step }) => {
    const { states, content, before, after } = await prepared(subject, step)
    for (const call of ['write', 'flush'] as const) {
      for (let at = 1, done = false; !done; at += 1 + Math.floor(at / 8)) {
        const file = new MemoryStorage('disk', content)
        done = await failed(states, step, file, { call, at, code: 'io' })
        expect([before, after], `${call} ${at}`).toContain(await states.digest(file))
        expect(await dangers(file), `${call} ${at}`).toEqual([])
      }
    }
  })
})

interface Prepared {
  readonly states: ImageStates
  /** Of the file. */
  readonly content: Uint8Array
  /** Digests of what the image holds, and of what it is to hold after the change. */
  readonly before: string
  readonly after: string
}

/** Three snapshots with work in between, and a disk that is unlike all of them. */
async function prepared(spec: StatesSpec, step: Change['step']): Promise<Prepared> {
  const random = randomFrom(7)
  const states = await ImageStates.create(spec)
  for (const name of ['first', 'second', 'third']) {
    await states.do({ kind: 'work', count: 10 }, random)
    await states.do({ kind: 'create', name }, random)
  }
  await states.do({ kind: 'work', count: 10 }, random)
  const file = states.folder.file('disk')
  const content = await file.bytes()
  const before = await states.digest()
  const changed = new MemoryStorage('disk', content)
  states.storage = changed
  await states.perform(step)
  const after = await states.digest()
  states.storage = file
  return { states, content, before, after }
}

/** Does the change as it is done in place, until so many calls are spent. True when they were enough. */
async function cutOff(
  states: ImageStates,
  step: Change['step'],
  { file, log, calls }: { readonly file: Storage; readonly log: Storage; readonly calls: number },
): Promise<boolean> {
  const budget = new Budget(calls)
  try {
    const undo = await UndoStorage.over(limited(file, budget), limited(log, budget))
    states.storage = undo
    await states.perform(step)
    await undo.complete()
    await undo.release()
    return true
  } catch (error) {
    if (isSpent(budget)) return false
    throw error
  }
}

function isSpent(budget: Budget): boolean {
  try {
    budget.spend()
    return false
  } catch {
    return true
  }
}

/** True when the fault came too late. */
async function failed(states: ImageStates, step: Change['step'], file: Storage, fault: Fault): Promise<boolean> {
  states.storage = new FaultyStorage(file, { faults: [fault] })
  try {
    await states.perform(step)
    return true
  } catch {
    return false
  }
}

/** What a check finds beyond what is only lost room, or only slower. */
async function dangers(storage: Storage): Promise<readonly string[]> {
  const checker = await qcow2Driver.checker?.(storage)
  const { findings = [] } = (await checker?.check()) ?? {}
  return findings
    .filter(({ kind, code }) => kind === 'error' && code !== 'copied-flag-missing')
    .map(({ message }) => message)
}
