// Random damage to real qcow2 images: checking and repairing end, in plain words, without changing what can be read.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { HEADER } from '../../core/formats/qcow2/layout.ts'
import type { Checker } from '../../core/image/facets.ts'
import type { CheckReport, RepairReport } from '../../core/model/check.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { rollBack } from '../../core/storage/undo-log.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import { newestOracle } from '../helpers/oracles.ts'
import type { Qcow2Places } from '../helpers/qcow2-places.ts'
import { Qemu } from '../helpers/qemu.ts'
import { sharedFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { RealImages } from './qcow2-damages.ts'
import type { KindName } from './qcow2-damages.ts'
import { changedClusters, readableClusters } from './qcow2-readable.ts'

/** `SPINDLE_HISTORIES=2000` asks for more. */
const ROUNDS = Number(process.env['SPINDLE_HISTORIES'] ?? 60)
const KINDS: readonly KindName[] = [
  'plain',
  'version 2',
  'clusters of 4 KiB',
  'counts of 1 bit',
  'counts of 4 bits',
  'subclusters',
  'a data file',
  'packed clusters',
  'snapshots',
  'two bitmaps',
]

/** What QEMU does not tell, or tells by giving up; where one of these is found, it need not count the same. */
const OURS_ALONE = new Set([
  'l1-table',
  'l1-flag-without-place',
  'l2-flags-without-place',
  'l2-zero-flag-in-version-2',
  'l2-reserved-bits',
  'l2-compressed-place',
  'l2-data-file-place',
  'snapshot-table',
  'snapshot-without-id',
  'snapshot-offset',
  'refcount-block-unaligned',
  'refcount-entry-reserved-bits',
  'bitmap-directory',
  'bitmap-entry',
  'not-opened',
])

const qemu = new Qemu(newestOracle(), sharedFolder())
const images = new RealImages(qemu)

test.each(seeds())('checked and repaired, whatever the damage: SPINDLE_SEED=%i', { timeout: 600_000 }, async (seed) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const random = randomFrom(seed + round)
    const kind = random.pick(KINDS)
    const image = images.get(kind)
    const sound = images.get(kind)
    const done = Array.from({ length: 1 + random.below(4) }, () => damage(image, sound, random)).join(', ')
    const problem = await trial(image, random.happens(0.3)).catch((error: unknown) => String(error))
    expect(problem, `round ${round}: SPINDLE_SEED=${seed + round}, ${done}`).toBeUndefined()
  }
})

/** Says what went wrong. */
async function trial(image: Qcow2Places, isJudged: boolean): Promise<string | undefined> {
  const damaged = image.bytes
  const checker = await checkerOf(new MemoryStorage('disk', damaged, false))
  if (!checker) return undefined
  const found = await checker.check()
  const before = await readableClusters(damaged, images.dataFile)
  if (found.totals.corruptions === 0 && !before) return 'it cannot be opened, and nothing was found'
  if (isJudged && !isCountedAlike(found, damaged)) return `QEMU counts otherwise: ${codes(found)}`

  const storage = new MemoryStorage('disk', damaged)
  const log = new MemoryStorage('log')
  const undo = await UndoStorage.over(storage, log)
  const report = await (await checkerOf(undo))?.repair('all')
  const repaired = new Uint8Array(await undo.size())
  await undo.read(0, repaired)
  if (!report) return 'it could be checked and not repaired'
  const problem = await judged(report, found, repaired, before)
  if (problem !== undefined) return problem
  await undo.complete()
  await rollBack(log, storage)
  return Buffer.compare(await storage.bytes(), damaged) === 0 ? undefined : 'it cannot be undone'
}

async function judged(
  { after, repaired: sentences }: RepairReport,
  found: CheckReport,
  bytes: Uint8Array,
  before: Awaited<ReturnType<typeof readableClusters>>,
): Promise<string | undefined> {
  const changed = changedClusters(before, await readableClusters(bytes, images.dataFile))
  if (changed.length > 0) return `clusters of the disk have changed: ${changed.join(', ')}`
  // Where tables lie on each other, counts that are right make more flags wrong.
  const isTangled = after.findings.some(({ code }) => code === 'table-shared')
  if (!isTangled && after.totals.corruptions > found.totals.corruptions)
    return `there are more errors now: ${codes(after)}`
  if (sentences.length === 0 && !isDeepStrictEqual(after.totals, found.totals)) return 'it was changed without a word'
  const again = await (await checkerOf(new MemoryStorage('disk', bytes, false)))?.check()
  if (!isDeepStrictEqual(again?.totals, after.totals)) return 'it does not say what is there'
  const isClean = after.totals.corruptions + after.totals.leaks === 0
  if (!isClean) return undefined
  return isCountedAlike(after, bytes) ? undefined : 'QEMU does not find it clean'
}

async function checkerOf(storage: MemoryStorage | UndoStorage): Promise<Checker | undefined> {
  try {
    return await qcow2Driver.checker?.(storage)
  } catch (error) {
    if (error instanceof SpindleError && /^(invalid-image|unsupported)$/.test(error.code)) return undefined
    throw error
  }
}

function isCountedAlike(report: CheckReport, bytes: Uint8Array): boolean {
  if (report.findings.some(({ code }) => OURS_ALONE.has(code))) return true
  writeFileSync(join(qemu.folder, 'judged'), bytes)
  const totals = qemu.totals('judged')
  return totals === undefined || isDeepStrictEqual(totals, report.totals)
}

function codes({ findings }: CheckReport): string {
  return [...new Set(findings.map(({ code }) => code))].join(' ')
}

/** One entry, count or field of the image overwritten; `sound` tells where they are. */
function damage(image: Qcow2Places, sound: Qcow2Places, random: Random): string {
  const { header, clusterSize } = sound
  const { entriesPerTable, entrySize } = sound.geometry
  const block = sound.target(sound.countTablePlace)
  const entries = Math.min(64, entriesPerTable)
  const place = random.pick([
    () => sound.l1Place(random.below(Math.max(1, header.l1_size))),
    () => sound.l2Place() + random.below(entries) * entrySize,
    () => sound.l2Place() + random.below(entries * (entrySize / 8)) * 8,
    () => sound.countTablePlace + random.below(2) * 8,
    () => block + random.below(8) * 8,
    () => (header.nb_snapshots > 0 ? header.snapshots_offset + random.below(18) * 8 : 0),
    () => HEADER.fields[random.pick(FIELDS)].offset & ~7,
    () => random.below(Math.floor(sound.bytes.length / 512)) * 512,
  ])()
  if (place + 8 > image.bytes.length) return `nothing at ${place}`
  const before = image.get(place)
  const cluster = BigInt(random.below(Math.ceil(sound.bytes.length / clusterSize) + 1) * clusterSize)
  const value = BigInt.asUintN(
    64,
    random.pick([
      0n,
      before ^ (1n << BigInt(random.below(64))),
      before ^ (1n << 63n),
      before + BigInt(clusterSize),
      before + 512n,
      (1n << 63n) | cluster,
      cluster,
      (1n << 62n) | cluster | (BigInt(random.below(256)) << 54n),
      2n ** 64n - 1n,
      BigInt(random.below(2 ** 31)),
    ]),
  )
  image.set(place, value)
  return `word at ${place} = 0x${value.toString(16)}`
}

const FIELDS = [
  'size',
  'l1_size',
  'l1_table_offset',
  'refcount_table_offset',
  'nb_snapshots',
  'snapshots_offset',
  'incompatible_features',
  'autoclear_features',
  'header_length',
] as const
