// Torn writes: the storage is cut off at any moment, with any of the unflushed writes on disk. What was flushed is there.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { driverOf } from '../../core/image/detect.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { SpindleError } from '../../core/model/error.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import { FaultyStorage, RecordingStorage } from '../helpers/faulty-storage.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { SECTOR, SectorHistory, stamps } from '../helpers/sector-history.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'
import { open, prepare } from './subjects.ts'
import { ENCRYPTED_CRASH_SUBJECTS } from './subjects-encrypted.ts'
import { QED_CRASH_SUBJECTS } from './subjects-qed.ts'
import { VDI_CRASH_SUBJECTS } from './subjects-vdi.ts'
import { VHDX_CRASH_SUBJECTS } from './subjects-vhdx.ts'
import { VMDK_CRASH_SUBJECTS } from './subjects-vmdk.ts'
import { VPC_CRASH_SUBJECTS } from './subjects-vpc.ts'
import type { Image, Subject } from './subjects.ts'

/** Crashes looked at for each image and seed; `SPINDLE_STATES` asks for more. */
const STATES = Number(process.env['SPINDLE_STATES'] ?? 40)
/** Our own check looks at every state, QEMU’s at one in so many: a process for each takes longer than all the rest. */
const JUDGED = 8
const STEPS = 40

const oracle = newestOracle()

/** Formats of which QEMU’s check counts the same leaks as ours. */
const JUDGES = new Set(['qcow2', 'qed'])

const SUBJECTS: readonly Subject[] = [
  ...ENCRYPTED_CRASH_SUBJECTS,
  ...VDI_CRASH_SUBJECTS,
  ...VMDK_CRASH_SUBJECTS,
  ...QED_CRASH_SUBJECTS,
  ...VHDX_CRASH_SUBJECTS,
  ...VPC_CRASH_SUBJECTS,
  { name: 'raw', format: 'raw', options: {}, size: 256 * KiB, block: 4 * KiB },
  qcow2('defaults', 2 * MiB, {}),
  qcow2('512-byte clusters', 96 * KiB, { cluster_size: 512 }),
  qcow2('4 KiB clusters', 768 * KiB, { cluster_size: 4 * KiB }),
  qcow2('version 2', 768 * KiB, { compat: '0.10', cluster_size: 4 * KiB }),
  qcow2('subclusters', MiB, { extended_l2: true, cluster_size: 16 * KiB }),
  qcow2('1-bit reference counts', 512 * KiB, { refcount_bits: 1, cluster_size: 1 * KiB }),
  qcow2('lazy reference counts', 768 * KiB, { lazy_refcounts: true, cluster_size: 4 * KiB }),
  qcow2('tables prepared', 512 * KiB, { preallocation: 'metadata', cluster_size: 4 * KiB }),
  qcow2('over a raw disk', MiB, { cluster_size: 8 * KiB }, { format: 'raw', size: 700 * KiB }),
  qcow2(
    'version 2 over a raw disk',
    MiB,
    { compat: '0.10', cluster_size: 8 * KiB },
    { format: 'raw', size: 700 * KiB },
  ),
  qcow2(
    'subclusters over a raw disk',
    MiB,
    { extended_l2: true, cluster_size: 32 * KiB },
    { format: 'raw', size: MiB },
  ),
]

function qcow2(words: string, size: number, options: Subject['options'], backing?: Subject['backing']): Subject {
  const block = Number(options['cluster_size'] ?? 64 * KiB)
  return { name: `qcow2, ${words}`, format: 'qcow2', options, size, block, ...(backing && { backing }) }
}

describe.each(SUBJECTS)('$name', (subject) => {
  test.for(seeds())('a crash loses nothing that was flushed, and leaks at worst (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const image = await stamped(subject)
    const recording = await RecordingStorage.over(image.folder.file('disk'))
    const history = historyOf(subject, () => recording.log.length)
    const disk = await open(image, 'write', recording)
    for (let step = 0; step < STEPS; step += 1) await randomStep(history, disk, random, subject)
    await history.flush(disk)
    await disk.close()

    const qemu = new Qemu(oracle, scratchFolder(), subject.format)
    let count = 0
    for await (const { storage, issued, description } of recording.crashStates({ seed, limit: STATES })) {
      const judge = count % JUDGED === 0 ? qemu : undefined
      {
        await using crashed = await open(image, 'read', storage)
        expect(await history.fault(crashed, issued), description).toBeUndefined()
      }
      expect(await damage(image, storage, judge), description).toBeUndefined()
      await workOn(image, storage, random)
      expect(await damage(image, storage, judge), `${description}; then worked on`).toBeUndefined()
      count += 1
    }
    expect(count).toBe(STATES)
    tally('crashes', STATES)
  })

  test.for(seeds())('a full disk loses nothing that was flushed, and leaks at worst (seed %i)', async (seed) => {
    const found = await faultyRuns(subject, seed, (at) => ({ faults: [{ call: 'write', at, code: 'no-space' }] }))
    expect(found).toBeUndefined()
  })

  test.for(seeds())('one failed write damages nothing, whatever follows (seed %i)', async (seed) => {
    const found = await faultyRuns(subject, seed, (at) => ({
      onCall(call, count) {
        if (call === 'write' && count === at) throw new SpindleError('io', 'The device failed once.')
      },
    }))
    expect(found).toBeUndefined()
  })

  test.for(seeds())('a failed flush damages nothing that was flushed before (seed %i)', async (seed) => {
    const found = await faultyRuns(subject, seed, (at) => ({ faults: [{ call: 'flush', at, code: 'io' }] }))
    expect(found).toBeUndefined()
  })
})

/** The same work, with the fault at an earlier or later call each time; what was lost or damaged, in words. */
async function faultyRuns(
  subject: Subject,
  seed: number,
  faults: (at: number) => ConstructorParameters<typeof FaultyStorage>[1],
): Promise<string | undefined> {
  const qemu = new Qemu(oracle, scratchFolder(), subject.format)
  let count = 0
  for (let at = 1; at < 120; at += 1 + Math.floor(at / 6)) {
    const random = randomFrom(seed + at)
    const image = await stamped(subject)
    const storage = image.folder.file('disk')
    let position = 0
    const history = historyOf(subject, () => (position += 1))
    const disk = await open(image, 'write', new FaultyStorage(storage, faults(at)))
    for (let step = 0; step < STEPS; step += 1) {
      await orSpindleError(randomStep(history, disk, random, subject))
    }
    await orSpindleError(disk.close())
    await using after = await open(image, 'read', storage)
    const judge = count % JUDGED === 0 ? qemu : undefined
    const found = (await history.fault(after, position)) ?? (await damage(image, storage, judge))
    count += 1
    if (found !== undefined) return `with the fault at call ${at}: ${found}`
  }
  return undefined
}

/** A new image, over a base whose every sector says which one it is. */
async function stamped({ backing, ...alone }: Subject): Promise<Image> {
  const bare = await prepare(alone, 0)
  if (backing) {
    const spec = { virtualSize: backing.size, options: {} }
    const base = await driverOf(drivers, backing.format).build(bare.folder.add('base'), spec, bare.folder)
    await base.storage.write(base.place(0, backing.size), stamps(0, 0, backing.size / SECTOR))
    await base.finish()
  }
  const spec = { ...bare.spec, ...(backing && { backing: { path: 'base', format: backing.format } }) }
  const builder = await bare.driver.build(bare.folder.add('disk'), spec, bare.folder)
  await builder.finish()
  return { ...bare, spec }
}

function historyOf(subject: Subject, position: () => number): SectorHistory {
  return new SectorHistory(subject.size / SECTOR, (subject.backing?.size ?? 0) / SECTOR, position)
}

async function randomStep(history: SectorHistory, disk: VirtualDisk, random: Random, subject: Subject): Promise<void> {
  const sectors = subject.size / SECTOR
  const block = subject.block / SECTOR
  const aligned = random.happens(0.5)
  const sector = aligned ? block * random.below(Math.floor(sectors / block)) : random.below(sectors)
  const count = Math.min(sectors - sector, aligned ? block * (1 + random.below(3)) : 1 + random.below(2 * block))
  const chance = random.below(100)
  if (chance < 60) await history.write(disk, sector, count)
  else if (chance < 70) await history.zero(disk, sector, count, random.happens(0.5))
  else if (chance < 82) await history.discard(disk, sector, count)
  else await history.flush(disk)
}

/** What the next program does with a disk that was cut off. */
async function workOn(image: Image, storage: MemoryStorage, random: Random): Promise<void> {
  const history = historyOf(image.subject, () => 0)
  await using disk = await open(image, 'write', storage)
  for (let step = 0; step < 12; step += 1) await randomStep(history, disk, random, image.subject)
}

/** What a check finds beyond leaks, in its words; QEMU’s, when it is asked as well, must find the same. */
async function damage(image: Image, storage: MemoryStorage, qemu: Qemu | undefined): Promise<string | undefined> {
  const checker = await image.driver.checker?.(storage)
  if (!checker) return undefined
  const { totals, findings } = await checker.check()
  const { corruptions, leaks, checkErrors } = totals
  const isEncrypted = image.subject.options['encrypt.format'] !== undefined
  if (qemu && JUDGES.has(qemu.format) && !isEncrypted) {
    for (const [name, file] of image.folder.files) {
      writeFileSync(join(qemu.folder, name), await (name === 'disk' ? storage : file).bytes())
    }
    const theirs = qemu.check('disk')
    if (theirs.corruptions + theirs.errors > 0) return theirs.text
    if (theirs.leaks !== leaks) return `QEMU finds ${theirs.leaks} leaks, Spindle ${leaks}`
  }
  return corruptions + checkErrors > 0 ? findings.map((finding) => finding.message).join('\n') : undefined
}

async function orSpindleError(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
  }
}
