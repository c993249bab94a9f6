import { expect, test } from 'vitest'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { namesIn, readLogFacts, readUndoState, rollBack } from '../../core/storage/undo-log.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { randomNumbers } from '../helpers/faulty-storage.ts'
import { seeds } from '../helpers/seeds.ts'

const SIZE = 200_000
const CHANGE = new Uint8Array(16).fill(7)
const seed = seeds().at(-1) ?? 0

function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

async function equal(image: MemoryStorage, bytes: Uint8Array): Promise<boolean> {
  return Buffer.compare(await image.bytes(), bytes) === 0
}

/** Writes, zeros, growing and cutting as a repair or a resize does them. */
async function change(storage: Storage, random: () => number, count: number): Promise<void> {
  for (let step = 0; step < count; step += 1) {
    const offset = Math.floor(random() * SIZE * 1.2)
    const length = 1 + Math.floor(random() * 9000)
    const kind = random()
    if (kind < 0.6) await storage.write(offset, randomBytes(random, length))
    else if (kind < 0.75) await storage.zero(offset, length)
    else if (kind < 0.85) await storage.truncate(Math.floor(SIZE * (0.5 + random())))
    else if (kind < 0.95) await storage.flush()
    else await storage.discard(offset, length)
  }
}

/** Notes when a call would change the storage and lets `limit` of those through. */
class Budget extends Error {}
function limited(storage: Storage, spend: () => void): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (['write', 'zero', 'truncate', 'discard', 'allocate', 'flush'].includes(String(name))) spend()
        return (value as (...all: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}

test(`a change in place can be taken back byte for byte (seed ${seed})`, async () => {
  const random = randomNumbers(seed)
  for (let round = 0; round < 20; round += 1) {
    const before = randomBytes(random, SIZE)
    const image = new MemoryStorage('image', before)
    const log = new MemoryStorage('log')
    const undo = await UndoStorage.over(image, log)
    await change(undo, random, 30)
    if (round % 2 === 0) await undo.complete()
    await rollBack(log, image)
    expect(await equal(image, before)).toBe(true)
  }
})

test(`cut off after any call, the log alone leads back (seed ${seed})`, async () => {
  const before = randomBytes(randomNumbers(seed), SIZE)
  for (let limit = 0; ; limit += 1) {
    const image = new MemoryStorage('image', before)
    const log = new MemoryStorage('log')
    let left = limit
    const spend = (): void => {
      if ((left -= 1) < 0) throw new Budget()
    }
    let ended = false
    try {
      const undo = await UndoStorage.over(limited(image, spend), limited(log, spend))
      await change(undo, randomNumbers(seed + 1), 25)
      ended = true
    } catch (error) {
      if (!(error instanceof Budget)) throw error
    }
    await rollBack(log, image)
    expect(await equal(image, before), `after ${limit} calls`).toBe(true)
    if (ended) break
  }
})

/** A file that another log decides over, from the start of its change on. */
async function startPart(image: Storage, log: Storage, whole: UndoStorage): Promise<UndoStorage> {
  return UndoStorage.part(image, { change: CHANGE, partOf: 'image' }, async () => {
    await whole.addName('part')
    return log
  })
}

test(`cut off after any call, a change of two files is taken back or complete in both (seed ${seed})`, async () => {
  const random = randomNumbers(seed)
  const [firstBefore, secondBefore] = [randomBytes(random, SIZE), randomBytes(random, SIZE)]
  let completed = 0
  for (let limit = 0; ; limit += 1) {
    const [first, second] = [new MemoryStorage('image', firstBefore), new MemoryStorage('part', secondBefore)]
    const [log, partLog] = [new MemoryStorage('log'), new MemoryStorage('part log')]
    let left = limit
    const spend = (): void => {
      if ((left -= 1) < 0) throw new Budget()
    }
    let ended = false
    try {
      const whole = await UndoStorage.over(limited(first, spend), limited(log, spend), { change: CHANGE })
      const part = await startPart(limited(second, spend), limited(partLog, spend), whole)
      for (let round = 0; round < 4; round += 1) {
        await change(whole, randomNumbers(seed + round), 3)
        await change(part, randomNumbers(seed - round), 3)
      }
      await part.completePart()
      await whole.complete()
      ended = true
    } catch (error) {
      if (!(error instanceof Budget)) throw error
    }
    const parts = (await readLogFacts(partLog)) ? [{ image: second, log: partLog }] : []
    const state = await readUndoState(log, first, parts)
    completed += state?.complete === true ? 1 : 0
    expect(state?.matches ?? true, `after ${limit} calls`).toBe(true)
    expect(parts.length === 0 || (await namesOf(log)).join() === 'part').toBe(true)
    expect((await readLogFacts(partLog))?.partOf ?? 'image').toBe('image')
    await rollBack(log, first, parts)
    expect([await equal(first, firstBefore), await equal(second, secondBefore)], `after ${limit} calls`).toEqual([
      true,
      true,
    ])
    if (ended) break
  }
  expect(completed).toBeGreaterThan(0)
})

async function namesOf(log: Storage): Promise<readonly string[]> {
  const names: string[] = []
  for await (const name of namesIn(log)) names.push(name)
  return names
}

test('a file that is changed together with another and was changed since keeps both from being undone', async () => {
  const [first, second] = [
    new MemoryStorage('image', new Uint8Array(SIZE)),
    new MemoryStorage('part', new Uint8Array(SIZE)),
  ]
  const [log, partLog] = [new MemoryStorage('log'), new MemoryStorage('part log')]
  const whole = await UndoStorage.over(first, log, { change: CHANGE })
  const part = await startPart(second, partLog, whole)
  await whole.write(0, Uint8Array.of(1))
  await part.write(0, Uint8Array.of(2))
  await part.completePart()
  await whole.complete()
  await second.write(5, Uint8Array.of(9))
  await expect(rollBack(log, first, [{ image: second, log: partLog }])).rejects.toMatchObject({ code: 'differs' })
  expect((await first.bytes())[0]).toBe(1)
})

test('several writes at once are all saved', async () => {
  const before = randomBytes(randomNumbers(seed), SIZE)
  const image = new MemoryStorage('image', before)
  const log = new MemoryStorage('log')
  const undo = await UndoStorage.over(image, log)
  await Promise.all(Array.from({ length: 10 }, async (_, index) => undo.write(index * 16_384, new Uint8Array(8192))))
  await rollBack(log, image)
  expect(await equal(image, before)).toBe(true)
})

test('an undo that is cut off is finished by the next one', async () => {
  const random = randomNumbers(seed)
  const before = randomBytes(random, SIZE)
  for (let limit = 0; limit < 40; limit += 1) {
    const image = new MemoryStorage('image', before)
    const log = new MemoryStorage('log')
    const undo = await UndoStorage.over(image, log)
    await change(undo, randomNumbers(seed + 2), 25)
    await undo.complete()
    let left = limit
    const spend = (): void => {
      if ((left -= 1) < 0) throw new Budget()
    }
    await rollBack(limited(log, spend), limited(image, spend)).catch((error: unknown) => {
      if (!(error instanceof Budget)) throw error
    })
    await rollBack(log, image)
    expect(await equal(image, before), `after ${limit} calls`).toBe(true)
  }
})

test('what was changed by someone else since is not overwritten by an undo', async () => {
  const image = new MemoryStorage('image', randomBytes(randomNumbers(seed), SIZE))
  const log = new MemoryStorage('log')
  const undo = await UndoStorage.over(image, log)
  await undo.write(100_000, new Uint8Array(100))
  await undo.complete()
  await image.write(100_050, Uint8Array.of(1))
  const after = await image.bytes()
  expect((await readUndoState(log, image))?.matches).toBe(false)
  await expect(rollBack(log, image)).rejects.toMatchObject({ code: 'differs' })
  expect(await equal(image, after)).toBe(true)
})

test('room is given back only when the change is final, and not where it was written again', async () => {
  const image = new MemoryStorage('image', new Uint8Array(SIZE).fill(7))
  const undo = await UndoStorage.over(image, new MemoryStorage('log'))
  await undo.discard(0, 65_536)
  await undo.write(4096, new Uint8Array(4096).fill(9))
  await undo.truncate(131_072)
  expect(await undo.size()).toBe(131_072)
  expect(await image.size()).toBe(SIZE)
  await undo.complete()
  await undo.release()
  const bytes = await image.bytes()
  expect(bytes.length).toBe(131_072)
  expect([bytes[0], bytes[4096], bytes[8192], bytes[65_536]]).toEqual([0, 9, 0, 7])
})

test(`until the change is final it reads like any other file (seed ${seed})`, async () => {
  const before = randomBytes(randomNumbers(seed), SIZE)
  for (let round = 0; round < 40; round += 1) {
    const plain = new MemoryStorage('plain', before)
    const undo = await UndoStorage.over(new MemoryStorage('image', before), new MemoryStorage('log'))
    // What is discarded here does not read as zeros yet.
    for (const storage of [plain, withoutDiscards(undo)]) await change(storage, randomNumbers(seed + round), 15)
    const bytes = new Uint8Array((await undo.size()) + 1000)
    const length = await undo.read(0, bytes)
    expect(Buffer.compare(bytes.subarray(0, length), await plain.bytes()), `round ${round}`).toBe(0)
    await undo.complete()
    await undo.release()
  }
})

function withoutDiscards(storage: UndoStorage): Storage {
  return new Proxy<Storage>(storage, {
    get(target, name) {
      if (name === 'discard') return (offset: number, length: number) => target.zero(offset, length)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
