// What each snapshot is said to take, held against what qemu-img gives back when it is really deleted.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { geometryOf } from '../../core/formats/qcow2/geometry.ts'
import { decodeHeader } from '../../core/formats/qcow2/header.ts'
import { countAccess } from '../../core/formats/qcow2/refcount-width.ts'
import type { StateCosts } from '../../core/image/facets.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qcow2Places } from '../helpers/qcow2-places.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'
import { randomDesign } from './design.ts'
import type { Design } from './design.ts'
import { DISK, makeChain, openImage, qemuCreate, qemuWork } from './history.ts'

test.for(historySeeds(12))('deleting a snapshot frees what was said: SPINDLE_SEED=%i', async (seed) => {
  const random = randomFrom(seed)
  const design = designWithSnapshots(random)
  const folder = scratchFolder()
  const qemu = (): Qemu => new Qemu(random.pick(oracles()), folder)
  const path = join(folder, DISK)
  await makeHistory(qemu, design, random, path)
  for (;;) {
    const before = usedBytes(path)
    const costs = await costsOf(path)
    const all = [costs.current, ...costs.snapshots]
    const owned = all.reduce((sum, { own }) => sum + own, 0)
    expect(owned + costs.shared + before.otherMetadata, 'every cluster in use is someone’s').toBe(before.bytes)
    const [chosen] = costs.snapshots.length > 0 ? [random.pick(costs.snapshots)] : []
    if (!chosen) break
    const copy = join(folder, 'copy.qcow2')
    copyFileSync(path, copy)
    const job = { kind: 'snapshot', path: copy, action: { kind: 'remove', id: chosen.id } } as const
    await snapshot(job, recorded().context, systemParts())
    const judge = qemu()
    // qemu-img deletes by name.
    judge.img('snapshot', '-d', (await namesOf(path)).get(chosen.id) ?? '', DISK)
    for (const one of [path, copy])
      expect(before.bytes - usedBytes(one).bytes, `snapshot ${chosen.id} of ${one}`).toBe(chosen.frees)
    const { corruptions, leaks, errors, text } = judge.check(DISK)
    expect(corruptions + leaks + errors, text).toBe(0)
    tally('snapshots deleted that freed what was said', 1)
  }
})

test('what is counted more often than it is used is not said to become free', async () => {
  const folder = scratchFolder()
  const [oracle] = oracles()
  if (!oracle) throw new Error('no oracle')
  const qemu = new Qemu(oracle, folder)
  const path = join(folder, DISK)
  qemu.img('create', '-q', '-f', 'qcow2', DISK, '1M')
  qemu.io(DISK, ['write -P 1 0 128k'])
  qemu.img('snapshot', '-c', 'one', DISK)
  qemu.io(DISK, ['write -P 2 0 64k'])
  const cluster = 65_536
  // Its L1 and L2 tables and the one cluster that was overwritten since; and the list of snapshots goes with the last.
  expect((await costsOf(path)).snapshots).toEqual([{ id: '1', own: 3 * cluster, frees: 4 * cluster }])
  const places = new Qcow2Places(readFileSync(path))
  // The first data of the image lies behind its header, refcounts, L1 and L2 tables.
  expect(places.count(5 * cluster)).toBe(1)
  places.setCount(5 * cluster, 2)
  writeFileSync(path, places.bytes)
  expect((await costsOf(path)).snapshots).toEqual([{ id: '1', own: 3 * cluster, frees: 3 * cluster }])
})

/** Refcounts must be wide enough for snapshots. */
function designWithSnapshots(random: Random): Design {
  for (;;) {
    const design = randomDesign(random)
    const bits = Number(design.options['refcount_bits'] ?? 16)
    if (!design.dataFile && bits >= 8) return design
  }
}

async function makeHistory(qemu: () => Qemu, design: Design, random: Random, path: string): Promise<void> {
  makeChain(qemu(), design, random)
  qemuCreate(qemu(), design)
  const ids: string[] = []
  const untouched = design.compress ? new Set(Array.from({ length: 64 }, (_, index) => index)) : undefined
  const clusters = Math.ceil(design.size / design.clusterSize)
  for (const index of untouched ?? []) if (index >= clusters) untouched?.delete(index)
  const steps = 4 + random.below(9)
  for (let step = 0; step < steps; step += 1) {
    if (random.happens(0.7)) qemuWork(qemu(), design, random, untouched)
    if (ids.length > 0 && random.happens(0.25)) {
      qemu().img('snapshot', '-a', random.pick(ids), DISK)
      untouched?.clear()
    } else if (random.happens(0.25)) ids.push(await withState(path, random, `state ${step}`))
    else {
      const name = `s${step}${'n'.repeat(random.below(200))}`
      qemu().img('snapshot', '-c', name, DISK)
      ids.push(String((await costsOf(path)).snapshots.at(-1)?.id))
    }
  }
  if (random.happens(0.3) && design.options['compat'] === '1.1') qemu().img('bitmap', '--add', DISK, 'changes')
}

/** A snapshot as a running machine leaves it, which qemu-img cannot take. */
async function withState(path: string, random: Random, name: string): Promise<string> {
  await using disk = await openImage(path, 'qcow2', 'write')
  const bytes = random.bytes(1 + random.below(300_000))
  const state = {
    size: bytes.length,
    read: async (offset: number, into: Uint8Array) => into.set(bytes.subarray(offset, offset + into.length)),
  }
  const taken = await disk.top.snapshots?.create({ name, createdAt: 1_700_000_000_000, state })
  return taken?.id ?? ''
}

async function costsOf(path: string): Promise<StateCosts> {
  await using disk = await openImage(path, 'qcow2', 'read')
  if (!disk.top.costs) throw new Error('no costs')
  return await disk.top.costs.costs()
}

async function namesOf(path: string): Promise<ReadonlyMap<string, string>> {
  await using disk = await openImage(path, 'qcow2', 'read')
  return new Map(((await disk.top.snapshots?.list()) ?? []).map(({ id, name }) => [id, name]))
}

interface UsedBytes {
  /** Of all clusters that are counted, but for those which only count others: these come and go on their own. */
  readonly bytes: number
  /** Of them, what belongs to no state of the disk: the header, the list of snapshots, bitmaps. */
  readonly otherMetadata: number
}

function usedBytes(path: string): UsedBytes {
  const file = readFileSync(path)
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const header = decodeHeader(file, path)
  const { clusterSize, countsPerBlock, refcountBits } = geometryOf(header)
  const access = countAccess(refcountBits)
  let clusters = 0
  let counting = header.refcount_table_clusters
  for (let entry = 0; entry < (header.refcount_table_clusters * clusterSize) / 8; entry += 1) {
    const offset = Number(view.getBigUint64(header.refcount_table_offset + entry * 8))
    if (offset === 0) continue
    counting += 1
    const block = new DataView(file.buffer, file.byteOffset + offset, clusterSize)
    for (let place = 0; place < countsPerBlock; place += 1) if (access.get(block, place) > 0) clusters += 1
  }
  return {
    bytes: (clusters - counting) * clusterSize,
    otherMetadata: otherMetadata(file, header),
  }
}

function otherMetadata(file: Buffer, header: ReturnType<typeof decodeHeader>): number {
  const clusterSize = 2 ** header.cluster_bits
  const whole = (length: number): number => Math.ceil(length / clusterSize) * clusterSize
  let length = 0
  for (let entry = 0, at = header.snapshots_offset; entry < header.nb_snapshots; entry += 1) {
    const size = 40 + file.readUInt16BE(at + 12) + file.readUInt16BE(at + 14) + file.readUInt32BE(at + 36)
    at += Math.ceil(size / 8) * 8
    length = at - header.snapshots_offset
  }
  return clusterSize + whole(length) + bitmapBytes(file, header, whole)
}

/** An empty bitmap: its directory and its table, which leads nowhere. */
function bitmapBytes(
  file: Buffer,
  { header_length: start, version }: ReturnType<typeof decodeHeader>,
  whole: (length: number) => number,
): number {
  if (version < 3) return 0
  for (let at = start; file.readUInt32BE(at) !== 0;) {
    const [type, length] = [file.readUInt32BE(at), file.readUInt32BE(at + 4)]
    if (type === 0x23852875) {
      const directory = Number(file.readBigUInt64BE(at + 24))
      return whole(Number(file.readBigUInt64BE(at + 16))) + whole(file.readUInt32BE(directory + 8) * 8)
    }
    at += 8 + Math.ceil(length / 8) * 8
  }
  return 0
}
