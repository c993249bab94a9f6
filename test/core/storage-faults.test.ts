// The storage doubles other tests rest on: they must fail, and remember, exactly as they say.

import { expect, test } from 'vitest'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { FaultyStorage, RecordingStorage } from '../helpers/faulty-storage.ts'

const ones = new Uint8Array(1024).fill(1)
const twos = new Uint8Array(1024).fill(2)

test('a faulty storage fails the call it was told to, and those after it', async () => {
  const storage = new FaultyStorage(new MemoryStorage('disk'), { faults: [{ call: 'write', at: 2, code: 'io' }] })
  await storage.write(0, ones)
  await expect(storage.write(1024, ones)).rejects.toMatchObject({ code: 'io', path: 'disk' })
  await expect(storage.write(0, ones)).rejects.toMatchObject({ code: 'io' })
  expect(await storage.size()).toBe(1024)
  expect(storage.count('write')).toBe(3)
})

test('a quota lets rewriting pass and refuses new room', async () => {
  const storage = new FaultyStorage(new MemoryStorage('disk'), { quota: 8192 })
  await storage.truncate(1_000_000)
  await storage.write(500_000, ones)
  await storage.write(900_000, ones)
  await expect(storage.write(0, ones)).rejects.toMatchObject({ code: 'no-space' })
  await storage.write(500_000, twos)
})

test('a recording gives back the content after any number of changes', async () => {
  const recording = await RecordingStorage.over(new MemoryStorage('disk', new Uint8Array(2048).fill(9)))
  await recording.write(0, ones)
  await recording.flush()
  await recording.truncate(1024)
  await recording.discard(0, 512)
  expect(recording.log.map((entry) => entry.kind)).toEqual(['write', 'flush', 'truncate', 'discard'])
  const contents = await Promise.all(
    [0, 1, 2, 3, 4].map(async (count) => (await recording.contentAfter(count)).bytes()),
  )
  expect(contents.map((bytes) => [bytes.length, bytes[0], bytes[1023], bytes[1024]])).toEqual([
    [2048, 9, 9, 9],
    [2048, 1, 1, 9],
    [2048, 1, 1, 9],
    [1024, 1, 1, undefined],
    [1024, 0, 1, undefined],
  ])
})

test('crash states never lose what was flushed, and do lose, keep and tear the rest', async () => {
  const recording = await RecordingStorage.over(new MemoryStorage('disk', new Uint8Array(8192)))
  await recording.write(0, ones)
  await recording.flush()
  await recording.write(1024, ones)
  await recording.write(2048, twos)
  await recording.write(4096, twos)
  const seen = new Set<string>()
  for await (const state of recording.crashStates({ seed: 7, limit: 200 })) {
    const bytes = await state.storage.bytes()
    const flushed = state.durable > 0 ? bytes.subarray(0, 1024) : ones
    expect(flushed, state.description).toEqual(ones)
    seen.add([0, 1024, 2048, 2048 + 1023, 4096].map((offset) => bytes[offset]).join(''))
  }
  expect(seen).toContain('00000') // nothing yet
  expect(seen).toContain('11222') // everything
  expect(seen).toContain('10222') // the later writes overtook an earlier one
  expect(seen).toContain('10200') // torn
})

test('crash states are the same for the same seed, and never more than asked for', async () => {
  const recording = await RecordingStorage.over(new MemoryStorage('disk'))
  for (let index = 0; index < 100; index += 1) await recording.write(index * 1024, index % 2 ? ones : twos)
  const collect = async (seed: number) => {
    const descriptions: string[] = []
    for await (const state of recording.crashStates({ seed, limit: 30 })) descriptions.push(state.description)
    return descriptions
  }
  expect(await collect(1)).toEqual(await collect(1))
  expect(await collect(1)).not.toEqual(await collect(2))
  expect(await collect(1)).toHaveLength(30)
})
