// What every format promises, held against every driver: what is in common is tested once, and a part for each facet.

import { describe, expect, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { SURE, surestDriver } from '../../core/image/detect.ts'
import { sliceExtent } from '../../core/image/extent.ts'
import type { DiskExtent, VirtualDisk } from '../../core/image/virtual-disk.ts'
import { DiskModel, firstDifference, randomRange, randomStep } from '../helpers/disk-model.ts'
import type { DiskStep } from '../helpers/disk-model.ts'
import { fill } from '../helpers/fill.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { SUBJECTS, create, open, prepare } from './subjects.ts'
import type { Image, Subject } from './subjects.ts'

describe.each(SUBJECTS)('$name', (subject) => {
  test('is recognised by its own driver, and by no other that is sure of it', async () => {
    const image = await create(subject, 1)
    const storage = image.folder.file('disk')
    const guess = await surestDriver(drivers, storage)
    expect(guess?.driver.format).toBe(subject.format)
    const content = await storage.bytes()
    const [head, tail] = [content.slice(0, 4096), content.slice(-4096)]
    const others = drivers.filter((other) => other.format !== subject.format)
    expect(others.filter((other) => other.probe(head, tail, content.length) >= SURE)).toEqual([])
  })

  test('an unfinished image is not taken for a whole one', async () => {
    const image = await prepare(subject, 1)
    const storage = image.folder.add('disk')
    const builder = await image.driver.build(storage, image.spec, image.folder)
    const before = await surestDriver(drivers, storage)
    await builder.finish()
    const after = await surestDriver(drivers, storage)
    expect(before?.confidence ?? 0).toBeLessThan(SURE)
    expect(after?.driver.format).toBe(subject.format)
  })

  test('offers exactly what its driver declares', async () => {
    const image = await create(subject, 1)
    const { capabilities } = image.driver
    expect(capabilities.create).toBe(true)
    await using reading = await open(image, 'read')
    expect(reading.writable).toBe(false)
    expect(reading.top.unreadable).toBeUndefined()
    expect(capabilities.backing || !subject.backing).toBe(true)
    expect(reading.top.backing?.path).toBe(subject.backing && 'base')
    await using writing = await open(image, 'write')
    expect(writing.writable).toBe(capabilities.write)
    expect(writing.top.resizer !== undefined).toBe(capabilities.resize)
    expect(capabilities.bitmaps || writing.top.bitmaps === undefined).toBe(true)
  })

  test('reopened, it is described in the same words', async () => {
    const image = await create(subject, 1)
    await using first = await open(image, 'write')
    const described = await first.top.describe()
    expect(first.size).toBe(subject.size)
    expect(described).toMatchObject(first.top.blockSize === 1 ? {} : { clusterSize: subject.block })
    await first.close()
    await using second = await open(image, 'read')
    expect(second.size).toBe(subject.size)
    expect(second.top.blockSize).toBe(first.top.blockSize)
    expect(await second.top.describe()).toEqual(described)
  })

  test('a new image reads as what is below it, or zeros', async () => {
    const image = await create(subject, 1)
    await using disk = await open(image, 'read')
    expect(await new DiskModel(subject.size, image.below).difference(disk)).toBeUndefined()
  })

  test('opening it for writing and closing it changes no byte', async () => {
    const image = await create(subject, 1)
    const before = await image.folder.file('disk').bytes()
    const disk = await open(image, 'write')
    await disk.read(0, new Uint8Array(subject.size))
    await disk.close()
    expect(firstDifference(await image.folder.file('disk').bytes(), before)).toBeUndefined()
  })

  test.for(seeds())('random work on it equals a flat array, also when reopened (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const image = await create(subject, seed)
    const files = [...image.folder.files.keys()]
    const model = new DiskModel(subject.size, image.below)
    for (let session = 0; session < 3; session += 1) {
      await using disk = await open(image, 'write')
      for (let step = 0; step < 60; step += 1) {
        await model.apply(disk, randomStep(random, subject.size, subject.block))
      }
      expect(await model.difference(disk)).toBeUndefined()
    }
    await using disk = await open(image, 'read')
    expect(await model.difference(disk)).toBeUndefined()
    expect([...image.folder.files.keys()]).toEqual(files)
  })

  test.for(seeds())('extents tile the disk, and pieces say the same as the whole (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const image = await worked(subject, random, seed)
    await using disk = await open(image, 'read')
    const whole = await wholeMap(disk)
    expect(whole.reduce((sum, extent) => sum + extent.length, 0)).toBe(subject.size)
    for (let count = 0; count < 200; count += 1) {
      const { offset, length } = randomRange(random, subject.size, subject.block)
      const answer = await disk.map(offset, length)
      const known = answer.reduce((sum, extent) => sum + extent.length, 0)
      expect(known).toBeGreaterThan(0)
      expect(known).toBeLessThanOrEqual(length)
      for (const extent of answer) expect(extent.length).toBeGreaterThan(0)
      expect(plain(joined(answer))).toEqual(plain(cut(whole, offset, known)))
    }
  })

  test.for(seeds())('an image opened for reading is never written (seed %i)', async (seed) => {
    const image = await worked(subject, randomFrom(seed), seed)
    const before = await contents(image)
    // The folder’s files refuse every change to whoever opened them for reading.
    const disk = await open(image, 'read')
    await disk.read(0, new Uint8Array(subject.size))
    await disk.top.describe()
    await wholeMap(disk)
    await expect(disk.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'access-denied' })
    await expect(disk.zero(0, 512)).rejects.toMatchObject({ code: 'access-denied' })
    await disk.flush()
    await disk.close()
    expect(await contents(image)).toEqual(before)
  })

  test.for(seeds())('work by many at once comes out as if each had been alone (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const image = await create(subject, seed)
    const model = new DiskModel(subject.size, image.below)
    await using disk = await open(image, 'write')
    const share = Math.floor(subject.size / 8)
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      const own = randomFrom(random.below(2 ** 31))
      for (let step = 0; step < 15; step += 1) {
        await model.apply(disk, shifted(randomStep(own, share, subject.block), worker * share))
      }
    })
    await Promise.all(workers)
    expect(await model.difference(disk)).toBeUndefined()
    await disk.close()
    await using again = await open(image, 'read')
    expect(await model.difference(again)).toBeUndefined()
  })

  test.for(seeds())(
    'built front to back it holds what was placed, and is no larger than foretold (seed %i)',
    async (seed) => {
      const random = randomFrom(seed)
      const image = await prepare(subject, seed)
      const builder = await image.driver.build(image.folder.add('disk'), image.spec, image.folder)
      const model = new DiskModel(subject.size, image.below)
      const { placed } = await fill(builder, model, random)
      await builder.finish()
      await using disk = await open(image, 'write')
      expect(await model.difference(disk)).toBeUndefined()
      const { required, fullyAllocated } = image.driver.measure(image.spec, placed)
      const file = image.folder.file('disk')
      // Prepared tables point far ahead, at room that is not taken yet.
      expect(Math.min(await file.size(), await file.allocatedSize())).toBeLessThanOrEqual(required)
      expect(required).toBeLessThanOrEqual(fullyAllocated)
      for (let step = 0; step < 30; step += 1) {
        await model.apply(disk, randomStep(random, subject.size, subject.block))
      }
      expect(await model.difference(disk)).toBeUndefined()
    },
  )

  test.for(seeds())(
    'however often it is written over, it does not outgrow what it can hold (seed %i)',
    async (seed) => {
      const random = randomFrom(seed)
      const image = await create(subject, seed)
      const model = new DiskModel(subject.size, image.below)
      await using disk = await open(image, 'write')
      for (let step = 0; step < 400; step += 1) {
        const next = randomStep(random, subject.size, subject.block)
        if (next.kind !== 'read') await model.apply(disk, next)
      }
      await disk.flush()
      const { fullyAllocated } = image.driver.measure(image.spec, subject.size)
      expect(await image.folder.file('disk').size()).toBeLessThanOrEqual(fullyAllocated * 1.05 + 16 * subject.block)
      expect(await model.difference(disk)).toBeUndefined()
    },
  )
})

describe.each(SUBJECTS.filter(({ options, packs }) => options['data_file'] === undefined && packs !== false))(
  '$name, built with packing',
  (subject) => {
    test.for(seeds())('packs if its driver says so, and reads and writes the same (seed %i)', async (seed) => {
      const random = randomFrom(seed)
      const image = await prepare(subject, seed)
      const spec = { ...image.spec, compress: image.driver.capabilities.compress }
      const builder = await image.driver.build(image.folder.add('disk'), spec, image.folder)
      expect(builder.packing !== undefined).toBe(image.driver.capabilities.compress)
      const model = new DiskModel(subject.size, image.below)
      const filled = await fill(builder, model, random)
      await builder.finish()
      await using disk = await open(image, 'write')
      expect(await model.difference(disk)).toBeUndefined()
      const packed = (await wholeMap(disk)).some((extent) => extent.kind === 'packed')
      expect(packed).toBe(filled.packed > 0)
      for (let step = 0; step < 60; step += 1) {
        await model.apply(disk, randomStep(random, subject.size, subject.block))
      }
      expect(await model.difference(disk)).toBeUndefined()
      await disk.close()
      await using again = await open(image, 'read')
      expect(await model.difference(again)).toBeUndefined()
    })
  },
)

/** An image that random work has been done on. */
async function worked(subject: Subject, random: Random, seed: number): Promise<Image> {
  const image = await create(subject, seed)
  const model = new DiskModel(subject.size, image.below)
  await using disk = await open(image, 'write')
  for (let step = 0; step < 80; step += 1) {
    await model.apply(disk, randomStep(random, subject.size, subject.block))
  }
  return image
}

function shifted(step: DiskStep, by: number): DiskStep {
  return step.kind === 'flush' ? step : { ...step, offset: step.offset + by }
}

async function contents(image: Image): Promise<Readonly<Record<string, string>>> {
  const entries = [...image.folder.files].map(async ([name, file]) => [
    name,
    Buffer.from(await file.bytes()).toString('base64'),
  ])
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>
}

async function wholeMap(disk: VirtualDisk): Promise<readonly DiskExtent[]> {
  return joined((await Array.fromAsync(disk.extents())).flat())
}

/** Neighbours that continue each other made one, so that two answers can be compared. */
function joined(extents: readonly DiskExtent[]): readonly DiskExtent[] {
  const answer: DiskExtent[] = []
  for (const extent of extents) {
    const last = answer.at(-1)
    if (last && continues(last, extent)) answer[answer.length - 1] = { ...last, length: last.length + extent.length }
    else answer.push(extent)
  }
  return answer
}

function continues(left: DiskExtent, right: DiskExtent): boolean {
  if (left.kind !== right.kind || left.depth !== right.depth) return false
  const next = sliceExtent({ ...left, length: left.length + 1 }, left.length, 1)
  if (left.kind === 'packed' || right.kind === 'packed') {
    return JSON.stringify(facts(next)) === JSON.stringify(facts({ ...right, length: 1 }))
  }
  return left.storage === right.storage && 'offset' in next === 'offset' in right && where(next) === where(right)
}

function where({ offset }: DiskExtent): number | undefined {
  return offset
}

function cut(extents: readonly DiskExtent[], offset: number, length: number): readonly DiskExtent[] {
  const answer: DiskExtent[] = []
  let start = 0
  for (const extent of extents) {
    const from = Math.max(offset, start)
    const to = Math.min(offset + length, start + extent.length)
    if (from < to) answer.push(sliceExtent(extent, from - start, to - from))
    start += extent.length
  }
  return answer
}

/** Extents with their storage by name: readable when they differ. */
function plain(extents: readonly DiskExtent[]): readonly unknown[] {
  return extents.map(facts)
}

function facts(extent: DiskExtent): unknown {
  return 'storage' in extent ? { ...extent, storage: extent.storage?.name } : extent
}
