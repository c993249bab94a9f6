// Checking qcow2 images: what is damaged is found, where it is, and what is sound is called so; QEMU counts the same.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import type { CheckReport } from '../../core/model/check.ts'
import { SpindleError } from '../../core/model/error.ts'
import { TiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { FaultyStorage } from '../helpers/faulty-storage.ts'
import { findingSummary } from '../helpers/findings.ts'
import { readOnly } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { COPIED } from '../helpers/qcow2-places.ts'
import type { Qcow2Places } from '../helpers/qcow2-places.ts'
import { Qemu } from '../helpers/qemu.ts'
import { sharedFolder } from '../helpers/scratch.ts'
import { CLUSTER, DAMAGES, KIND_NAMES, RealImages } from './qcow2-damages.ts'

const qemu = new Qemu(newestOracle(), sharedFolder())
const images = new RealImages(qemu)

async function check(storage: Storage): Promise<CheckReport> {
  const checker = await qcow2Driver.checker?.(readOnly(storage))
  if (!checker) throw new Error('qcow2 cannot be checked')
  return checker.check()
}

function totals(image: Qcow2Places, report: CheckReport) {
  writeFileSync(join(qemu.folder, 'damaged'), image.bytes)
  return { ours: report.totals, theirs: qemu.totals('damaged') }
}

test.each(KIND_NAMES)('an image with %s is sound, and measured as QEMU measures it', async (kind) => {
  const image = images.get(kind)
  const report = await check(new MemoryStorage('disk', image.bytes))
  expect(report.findings).toEqual([])
  const { ours, theirs } = totals(image, report)
  expect(ours).toEqual(theirs)
})

describe('what is damaged is found, and nothing else', () => {
  test.each(DAMAGES)('$name', async ({ kind, damage, finds, host, guest, says, unlike }) => {
    const image = images.get(kind)
    damage(image)
    const report = await check(new MemoryStorage('disk', image.bytes))
    expect([...findingSummary(report.findings)].toSorted()).toEqual([...finds].toSorted())
    expect(report.findings[0]).toMatchObject({
      ...(host && { hostOffset: host(image) }),
      ...(guest !== undefined && { guestOffset: guest }),
    })
    expect(report.findings[0]?.message).toMatch(says ?? /./)
    for (const { message } of report.findings) {
      expect(message).toMatch(/^[A-Z0-9].*[.!]$/)
      expect(message.length).toBeLessThan(300)
    }
    const counted = totals(image, report)
    const difference = isDeepStrictEqual(counted.ours, counted.theirs) ? 'none' : counted
    expect(difference).toEqual(unlike === undefined ? 'none' : counted)
  })
})

describe('what cannot be looked at', () => {
  test('a header that makes no sense is refused with one sentence', async () => {
    for (const field of ['cluster_bits', 'version', 'magic', 'refcount_order'] as const) {
      const image = images.get('plain')
      image.setHeader(field, 77)
      await expect(check(new MemoryStorage('disk', image.bytes)), field).rejects.toMatchObject({
        code: 'invalid-image',
      })
    }
  })

  test('an unknown feature is refused: no one knows what it changes', async () => {
    const image = images.get('plain')
    image.setHeader('incompatible_features', 1n << 40n)
    await expect(check(new MemoryStorage('disk', image.bytes))).rejects.toMatchObject({ code: 'unsupported' })
    image.setHeader('refcount_table_clusters', 0)
    await expect(check(new MemoryStorage('disk', image.bytes))).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('what the disk cannot read is told, and the rest is looked at', async () => {
    const image = images.get('clusters of 4 KiB')
    image.setCount(image.dataPlace(1), 0)
    const broken = image.target(image.l1Place(1))
    const storage = failingAt(new MemoryStorage('disk', image.bytes), broken, 4096)
    const report = await check(storage)
    expect(findingSummary(report.findings)).toEqual(['unreadable', 'count-too-low', 'copied-flag-set'])
    expect(report.findings[0]?.hostOffset).toBe(broken)
    expect(report.totals).toMatchObject({ checkErrors: 1, leaks: 0 })
  })
})

test('findings are bounded, and all of them counted', async () => {
  const image = images.get('clusters of 512 bytes')
  for (let cluster = 0; cluster < 2048; cluster += 1) image.change(image.l2Place(cluster), (entry) => entry | 2n)
  const report = await check(new MemoryStorage('disk', image.bytes))
  expect(report.findings).toHaveLength(1000)
  expect(report.unlisted).toEqual({ error: 1048, leak: 0, note: 0 })
  expect(report.totals.corruptions).toBe(2048)
})

test('a small image in a sparse file of 15 TiB takes no longer than a small one', async () => {
  const image = images.get('plain')
  const storage = new MemoryStorage('disk', image.bytes)
  await storage.truncate(15 * TiB)
  const calls = new FaultyStorage(storage, {})
  const report = await check(calls)
  expect(report.findings).toEqual([])
  expect(calls.count('read')).toBeLessThan(20)
})

test('an image of a thousand million references to one cluster is looked at once', async () => {
  const image = images.get('plain')
  // Every L1 entry leads to one L2 table, every entry of which leads to one cluster.
  const entries = 2 ** 17
  const l2 = image.target(image.l1Place())
  const data = image.dataPlace()
  const l1 = image.append(new Uint8Array(entries * 8))
  for (let index = 0; index < 8192; index += 1) image.set(l2 + index * 8, BigInt(data))
  for (let index = 0; index < entries; index += 1) image.set(l1 + index * 8, BigInt(l2))
  image.setHeader('l1_table_offset', l1)
  image.setHeader('l1_size', entries)
  image.setHeader('size', BigInt(entries) * 8192n * BigInt(CLUSTER))
  const report = await check(new MemoryStorage('disk', image.bytes))
  expect(report.totals).toMatchObject({ allocatedClusters: entries * 8192, checkErrors: 0 })
  const overflow = report.findings.filter(({ code }) => code === 'count-overflow')
  expect(overflow.map(({ hostOffset, count }) => [hostOffset, count])).toEqual([
    [l2, entries - 65_535],
    [data, entries * 8192 - 65_535],
  ])
})

test('a check can be stopped', async () => {
  const image = images.get('clusters of 512 bytes')
  const checker = await qcow2Driver.checker?.(new MemoryStorage('disk', image.bytes))
  const stop = new Error('enough')
  let told = 0
  const work = checker?.check((bytes) => {
    told += bytes
    if (told > 1024 * 1024) throw stop
    return undefined
  })
  await expect(work).rejects.toBe(stop)
})

test('all of the disk is told as done when a check ends', async () => {
  for (const kind of ['plain', 'clusters of 512 bytes', 'snapshots', 'tables prepared'] as const) {
    const checker = await qcow2Driver.checker?.(new MemoryStorage('disk', images.get(kind).bytes))
    let told = 0
    await checker?.check((bytes) => void (told += bytes))
    expect(checker?.virtualSize).toBe(8 * 1024 * 1024)
    expect(told).toBe(checker?.virtualSize)
  }
})

test('an L1 table off its boundary is named, and what it seems to lead to changes nothing on disk', async () => {
  const image = images.get('plain')
  image.change(image.l1Place(), (entry) => entry | COPIED | 0x200n)
  const report = await check(new MemoryStorage('disk', image.bytes))
  expect(report.findings[0]).toMatchObject({ code: 'l1-unaligned', hostOffset: image.l1Place(), guestOffset: 0 })
})

/** Reading any of these bytes fails, as on a broken disk. */
function failingAt(storage: MemoryStorage, offset: number, length: number): Storage {
  const read = async (from: number, into: Uint8Array): Promise<number> => {
    if (from < offset + length && from + into.length > offset) throw ioError(offset)
    return storage.read(from, into)
  }
  return new Proxy<Storage>(storage, {
    get(target, name) {
      if (name === 'read') return read
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function ioError(offset: number): SpindleError {
  return new SpindleError('io', 'The disk does not answer.', { path: 'disk', offset })
}
