// Repairing qcow2 images: QEMU finds in order what was repaired, no byte of the disk changes, and all of it can be undone.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import type { RepairMode, RepairReport } from '../../core/model/check.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { rollBack } from '../../core/storage/undo-log.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import { findingSummary } from '../helpers/findings.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { sharedFolder } from '../helpers/scratch.ts'
import { CLUSTER, DAMAGES, RealImages } from './qcow2-damages.ts'
import { changedClusters, readableClusters } from './qcow2-readable.ts'

const qemu = new Qemu(newestOracle(), sharedFolder())
const images = new RealImages(qemu)

async function repair(storage: Storage, mode: RepairMode): Promise<RepairReport> {
  const checker = await qcow2Driver.checker?.(storage)
  if (!checker) throw new Error('qcow2 cannot be checked')
  return checker.repair(mode)
}

function totals(bytes: Uint8Array) {
  writeFileSync(join(qemu.folder, 'repaired'), bytes)
  return qemu.totals('repaired')
}

describe('a repair of everything', () => {
  test.each(DAMAGES)('$name', async ({ kind, damage, leaves = [], repairs, unlike }) => {
    const sound = images.get(kind)
    const image = images.get(kind)
    damage(image)
    const damaged = image.bytes
    const before = await readableClusters(damaged, images.dataFile)
    const storage = new MemoryStorage('disk', damaged)
    const log = new MemoryStorage('log')
    const undo = await UndoStorage.over(storage, log)

    const report = await repair(undo, 'all')
    expect(findingSummary(report.after.findings).toSorted()).toEqual([...leaves].toSorted())
    expect(report.repaired.join(' ')).toMatch(repairs ?? (leaves.length === 0 ? /./ : /^/))
    for (const sentence of report.repaired) expect(sentence).toMatch(/^[A-Z0-9].*[.]$/)
    const repaired = new Uint8Array(await undo.size())
    await undo.read(0, repaired)
    const { corruptions, leaks, checkErrors } = report.after.totals
    expect(leaves.length > 0 || corruptions + leaks + checkErrors === 0).toBe(true)
    const isJudged = leaves.length === 0 || unlike === undefined
    expect(isJudged && totals(repaired)).toEqual(isJudged && report.after.totals)
    expect(changedClusters(before, await readableClusters(repaired, images.dataFile))).toEqual([])

    await undo.complete()
    expect(Buffer.compare(await withoutTail(storage, repaired.length), repaired)).toBe(0)
    await rollBack(log, storage)
    expect(Buffer.compare(await storage.bytes(), damaged)).toBe(0)
    expect(sound.clusterSize).toBe(image.clusterSize)
  })

  test('an image that is in order is not written to', async () => {
    const { bytes } = images.get('snapshots')
    const report = await repair(new MemoryStorage('disk', bytes, false), 'all')
    expect(report).toMatchObject({ repaired: [], corruptionsFixed: 0, leaksFixed: 0 })
    expect(report.after.findings).toEqual([])
  })

  test('what is repaired once needs no second repair', async () => {
    for (const { kind, damage, leaves = [], name } of DAMAGES) {
      if (leaves.length > 0) continue
      const image = images.get(kind)
      damage(image)
      const storage = new MemoryStorage('disk', image.bytes)
      await repair(storage, 'all')
      expect(await repair(new MemoryStorage('disk', await storage.bytes(), false), 'all'), name).toMatchObject({
        repaired: [],
      })
    }
  })

  test('the disk and its snapshots are what they were before the damage', async () => {
    const image = images.get('snapshots')
    const contents = () => [
      qemu.content('snapshots.qcow2'),
      qemu.content('snapshots.qcow2', '-l', 'one'),
      qemu.content('snapshots.qcow2', '-l', 'two'),
    ]
    images.get('snapshots')
    const before = contents()
    for (const { kind, damage, leaves = [], name } of DAMAGES) {
      if (kind !== 'snapshots' || leaves.length > 0) continue
      const damaged = images.get('snapshots')
      damage(damaged)
      const storage = new MemoryStorage('disk', damaged.bytes)
      await repair(storage, 'all')
      writeFileSync(join(qemu.folder, 'snapshots.qcow2'), await storage.bytes())
      for (const [index, content] of contents().entries())
        expect(Buffer.compare(content, before[index] ?? new Uint8Array(0)), `${name}, ${index}`).toBe(0)
    }
    writeFileSync(join(qemu.folder, 'snapshots.qcow2'), image.bytes)
  })

  test('bitmaps that can be trusted are kept', async () => {
    const image = images.get('two bitmaps')
    DAMAGES.find(({ kind }) => kind === 'two bitmaps')?.damage(image)
    const storage = new MemoryStorage('disk', image.bytes)
    await repair(storage, 'all')
    writeFileSync(join(qemu.folder, 'bitmaps'), await storage.bytes())
    const { 'format-specific': specific } = qemu.json('info', 'bitmaps') as {
      'format-specific': { data: { bitmaps: unknown } }
    }
    expect(specific.data.bitmaps).toEqual([{ flags: ['auto'], name: 'bm0', granularity: 65_536 }])
  })

  test('a refcount table of its own room is made for a file that is sparse and huge', async () => {
    const image = images.get('plain')
    image.setHeader('refcount_table_clusters', 0)
    const storage = new MemoryStorage('disk', image.bytes)
    await storage.truncate(2 ** 40 + 512)
    const { after } = await repair(storage, 'all')
    expect(after.findings).toEqual([])
    expect(await storage.allocatedSize()).toBeLessThan(4 * 1024 * 1024)
  })

  test('a file too long for any refcount table is left as it is, and told so', async () => {
    const image = images.get('clusters of 512 bytes')
    image.set(image.countTablePlace, 0n)
    const storage = new MemoryStorage('disk', image.bytes)
    await storage.truncate(2 ** 40)
    const before = await storage.allocatedSize()
    const report = await repair(storage, 'all')
    expect(report.repaired).toEqual([])
    expect(findingSummary(report.after.findings)).toContain('not-rebuilt')
    expect(await storage.allocatedSize()).toBe(before)
  })
})

describe('a repair of leaks alone', () => {
  test('frees what nothing uses', async () => {
    const image = images.get('plain')
    const leaked = image.append(new Uint8Array(3 * CLUSTER).fill(0xee))
    const storage = new MemoryStorage('disk', image.bytes)
    const report = await repair(storage, 'leaks')
    expect(report).toMatchObject({ leaksFixed: 3, corruptionsFixed: 0, after: { findings: [] } })
    const bytes = await storage.bytes()
    expect(totals(bytes)).toEqual(report.after.totals)
    // Its room goes back to the file system.
    expect(bytes.subarray(leaked).every((byte) => byte === 0)).toBe(true)
  })

  test('sets the flag of what is used only once now', async () => {
    const image = images.get('plain')
    image.setCount(image.dataPlace(3), 2)
    image.change(image.l2Place(3), (entry) => entry & (2n ** 63n - 1n))
    const storage = new MemoryStorage('disk', image.bytes)
    const { after } = await repair(storage, 'leaks')
    expect(after.findings).toEqual([])
    expect(totals(await storage.bytes())).toEqual(after.totals)
  })

  test.each(DAMAGES.filter(({ finds }) => !finds.some((code) => /^(leaked|bitmaps-outdated|marked)/.test(code))))(
    'leaves errors alone: $name',
    async ({ kind, damage }) => {
      const image = images.get(kind)
      damage(image)
      const report = await repair(new MemoryStorage('disk', image.bytes, false), 'leaks')
      expect(report.repaired).toEqual([])
    },
  )

  test('frees nothing while the damaged entry may have led there', async () => {
    const image = images.get('plain')
    const lost = image.dataPlace(2)
    image.change(image.l2Place(2), (entry) => entry ^ (1n << 45n))
    for (const mode of ['leaks', 'all'] as const) {
      const storage = new MemoryStorage('disk', image.bytes)
      const report = await repair(storage, mode)
      expect(report.leaksFixed).toBe(0)
      expect(findingSummary(report.after.findings)).toContain('leaks-kept')
      const content = new Uint8Array(CLUSTER)
      await storage.read(lost, content)
      expect(content.every((byte) => byte === 17)).toBe(true)
    }
  })
})

async function withoutTail(storage: MemoryStorage, length: number): Promise<Uint8Array> {
  return (await storage.bytes()).subarray(0, length)
}
