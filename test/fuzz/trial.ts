// Everything that can be done with a damaged image, done: each ends, in bounds, with a result or a plain sentence.

import { detectDriver, driverOf } from '../../core/image/detect.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { Access, ImageDriver } from '../../core/image/driver.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import { SpindleError } from '../../core/model/error.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { readOnly } from '../helpers/memory-gate.ts'
import type { MemoryFolder } from '../helpers/memory-gate.ts'
import type { Random } from '../helpers/seeds.ts'
import { Allowance, TooMuch, watched } from './watched.ts'
import { folderOf } from './victim.ts'
import type { Mutant } from './victim.ts'

/** What one deed may cost: tables of the largest disks, not of the largest numbers. */
const LIMITS = { calls: 200_000, bytes: 512 * MiB, atOnce: 64 * MiB } as const
/** Of the heap and beside it together. */
const MOST_MEMORY = 256 * MiB
const MOST_MAPS = 2000
const PIECE = 4 * KiB

interface Bench {
  readonly folder: MemoryFolder
  readonly driver: ImageDriver
  /** The image, as the deed may have it. */
  readonly storage: (access: Access) => Storage
  readonly open: (access: Access) => Promise<VirtualDisk>
  readonly random: Random
}

type Deed = (bench: Bench) => Promise<void>

const DEEDS: Readonly<Record<string, Deed>> = {
  async detecting(bench) {
    const driver = await detectDriver({ drivers, byName: false }, bench.storage('read'))
    await using disk = await openDisk(bench.storage('read'), {
      drivers,
      gate: bench.folder,
      format: driver.format,
      access: 'read',
    })
    await disk.top.describe()
  },
  async describing(bench) {
    await using disk = await bench.open('read')
    const details = await disk.top.describe()
    JSON.stringify(details)
    await disk.top.isHollow?.()
    // Each may cost as much as the image itself.
    const snapshots = (await disk.top.snapshots?.list()) ?? []
    for (const { id } of snapshots.slice(0, 4)) await readSnapshot(bench, id)
    await bitmapRanges(disk)
  },
  async mapping(bench) {
    await using disk = await bench.open('read')
    let position = 0
    for (let count = 0; count < MOST_MAPS && position < disk.size; count += 1) {
      const extents = await disk.map(position, disk.size - position)
      const length = extents.reduce((sum, extent) => sum + extent.length, 0)
      if (!(length > 0)) throw new Error(`map answers nothing at ${position}`)
      position += length
    }
    if (position > disk.size) throw new Error(`map answers past the end: ${position} of ${disk.size}`)
  },
  async reading(bench) {
    await using disk = await bench.open('read')
    const buffer = new Uint8Array(PIECE)
    const places = Array.from({ length: 12 }, () => bench.random.below(Math.max(1, disk.size - PIECE)))
    for (const at of [0, Math.max(0, disk.size - PIECE), ...places])
      await orSentence(disk.read(at, buffer.subarray(0, Math.min(PIECE, disk.size - at))))
  },
  async checking(bench) {
    const checker = await bench.driver.checker?.(bench.storage('read'), bench.folder)
    const report = await checker?.check()
    for (const finding of report?.findings ?? []) complain(finding.message)
  },
  async repairing(bench) {
    const checker = await bench.driver.checker?.(bench.storage('write'), bench.folder)
    const mode = bench.random.happens(0.3) ? 'leaks' : 'all'
    const report = await checker?.repair(mode)
    if (!report) return
    const again = await (await bench.driver.checker?.(bench.storage('read'), bench.folder))?.check()
    if (again && mode === 'all' && again.totals.corruptions > report.after.totals.corruptions)
      throw new Error('a second check finds more than the repair said was left')
  },
  async writing(bench) {
    const isSound = await isClean(bench)
    {
      await using disk = await bench.open('write')
      for (let count = 0; count < 6 && disk.size > 0; count += 1) {
        const at = bench.random.below(Math.min(disk.size, 2 ** 40))
        const length = Math.min(1 + bench.random.below(24 * KiB), disk.size - at)
        const chance = bench.random.below(4)
        if (chance < 2) await orSentence(disk.write(at, new Uint8Array(length).fill(count + 1)))
        else if (chance === 2) await orSentence(disk.zero(at, length, bench.random.happens(0.5)))
        else await orSentence(disk.discard(at, length))
      }
      await disk.flush()
    }
    if (isSound && !(await isClean(bench))) throw new Error('writing has damaged an image that was found sound')
  },
  async changing(bench) {
    const isSound = await isClean(bench)
    await change(bench)
    if (isSound && !(await isClean(bench))) throw new Error('a change has damaged an image that was found sound')
  },
}

export const DEED_NAMES = Object.keys(DEEDS)

/** What is wrong with how the mutant was dealt with, in words; undefined when nothing is. */
export async function trial(mutant: Mutant, random: Random): Promise<string | undefined> {
  for (const [name, deed] of Object.entries(DEEDS)) {
    const problem = await attempt(mutant, deed, random)
    if (problem !== undefined) return `${name}: ${problem}`
  }
  return undefined
}

async function attempt(mutant: Mutant, deed: Deed, random: Random): Promise<string | undefined> {
  const allowance = new Allowance(LIMITS)
  const before = memoryUsed()
  try {
    const folder = await folderOf(mutant)
    const storage = (access: Access): Storage => {
      const file = folder.file('disk')
      return watched(access === 'read' ? readOnly(file) : file, allowance)
    }
    const open = async (access: Access): Promise<VirtualDisk> =>
      openDisk(storage(access), { drivers, gate: folder, format: mutant.format, access })
    await orSentence(deed({ folder, driver: driverOf(drivers, mutant.format), storage, open, random }))
  } catch (error) {
    if (error instanceof TooMuch) return error.message
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const grown = memoryUsed() - before
  return grown > MOST_MEMORY ? `${Math.round(grown / MiB)} MiB of memory taken` : undefined
}

function memoryUsed(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function orSentence(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    const first = error instanceof SuppressedError ? error.suppressed : error
    if (!(first instanceof SpindleError)) throw first
    if (first.code === 'internal') throw new Error(first.message, { cause: error })
    complain(first.message)
  }
}

/** Sentences end in a full stop, hold no control characters and nothing of a program’s insides. */
function complain(message: string): void {
  const isPlain = /^\S[^]*[.]$/.test(message) && message.length <= 900 && !/\p{Cc}/u.test(message)
  if (!isPlain || /undefined|NaN|\[object|Error:|Infinity/.test(message))
    throw new Error(`no plain sentence: ${message}`)
}

async function isClean({ driver, folder, storage }: Bench): Promise<boolean> {
  try {
    const report = await (await driver.checker?.(storage('read'), folder))?.check()
    return report !== undefined && report.totals.corruptions + report.totals.checkErrors === 0
  } catch (error) {
    if (error instanceof SpindleError) return false
    throw error
  }
}

async function readSnapshot(bench: Bench, id: string): Promise<void> {
  const how = { drivers, gate: bench.folder, format: bench.driver.format, access: 'read', snapshot: { id } } as const
  await orSentence(
    (async () => {
      await using disk = await openDisk(bench.storage('read'), how)
      await disk.read(0, new Uint8Array(Math.min(PIECE, disk.size)))
    })(),
  )
}

async function bitmapRanges(disk: VirtualDisk): Promise<void> {
  for (const { name } of (await disk.top.bitmaps?.list()) ?? [])
    await orSentence(
      (async () => {
        let count = 0
        for await (const range of disk.top.bitmaps?.read(name) ?? [])
          if ((count += range.length > 0 ? 1 : 0) > 1000) break
      })(),
    )
}

/** One of the things that some images can do. */
async function change(bench: Bench): Promise<void> {
  const { random } = bench
  await using disk = await bench.open('write')
  const { top } = disk
  const snapshots = await top.snapshots?.list().catch(() => [])
  const first = snapshots?.[0]?.id
  switch (random.below(7)) {
    case 0:
      await top.snapshots?.create({ name: 'new', createdAt: 1_700_000_000_000 })
      break
    case 1:
      if (first !== undefined) await top.snapshots?.apply(first)
      break
    case 2:
      if (first !== undefined) await top.snapshots?.remove(first)
      break
    case 3:
      await top.bitmaps?.add('new')
      break
    case 4:
      await top.bitmaps?.remove('one')
      break
    case 5:
      // Growing without bound is what was asked for, not what the image asks for.
      await top.resizer?.resize(Math.min(top.virtualSize + random.pick([512, 64 * KiB, 16 * MiB]), 2 ** 45), 'off')
      break
    default:
      if (random.happens(0.5)) await top.backingLink?.setBacking(undefined)
      else await top.backingLink?.empty()
  }
}
