// Checking and repairing a VMDK, and a part of one whose descriptor is lost.

import type { OpenGate } from '../../../image/driver.ts'
import type { Checker } from '../../../image/facets.ts'
import type { Pace } from '../../../jobs/pace.ts'
import { SpindleError } from '../../../model/error.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { GrainTables } from '../grain-tables.ts'
import { openImage } from '../open.ts'
import type { Part } from '../part.ts'
import { readShape } from '../sparse-shape.ts'
import { Examination } from './examine.ts'
import { lostDisk, writeNewDescriptor } from './rebuild.ts'
import type { LostDisk } from './rebuild.ts'
import { repairPart } from './repair.ts'

const NO_GATE: OpenGate = {
  async open(reference, from) {
    throw new SpindleError('missing-file', `${from.name} needs the file ${reference}.`, { path: from.name })
  },
  async create(reference) {
    throw new SpindleError('internal', `there is no way to make ${reference}`)
  },
}

/** Throws `invalid-image`, `unsupported` or `missing-file` for what cannot be looked at. The storage stays the caller's. */
export async function vmdkChecker(storage: Storage, gate: OpenGate = NO_GATE): Promise<Checker> {
  const lost = await lostDisk(storage, gate)
  return lost ? lostChecker(storage, gate, lost) : imageChecker(storage, gate)
}

async function imageChecker(storage: Storage, gate: OpenGate): Promise<Checker> {
  const virtualSize = await withParts(storage, gate, async (parts) =>
    parts.reduce((sum, { length }) => sum + length, 0),
  )
  return {
    virtualSize,
    check: (pace) => withParts(storage, gate, async (parts) => reportOn(parts, pace)),
    repair: (mode, pace) => withParts(storage, gate, async (parts) => repairParts(parts, mode, pace)),
  }
}

/** Opens all parts, anew each time, and closes those that are files of their own. */
async function withParts<T>(
  storage: Storage,
  gate: OpenGate,
  work: (parts: readonly Part[]) => Promise<T>,
): Promise<T> {
  const { parts, files, unreadable } = await openImage(storage, gate, storage.writable ? 'write' : 'read')
  try {
    if (unreadable) throw SpindleError.fromData(unreadable)
    return await work(parts)
  } finally {
    for (const file of files) await file.close()
  }
}

async function reportOn(parts: readonly Part[], pace: Pace | undefined): Promise<CheckReport> {
  const examination = new Examination()
  await examination.look(parts, pace)
  return examination.report()
}

async function repairParts(parts: readonly Part[], mode: RepairMode, pace: Pace | undefined): Promise<RepairReport> {
  const before = new Examination()
  await before.look(parts, pace)
  const repaired: string[] = []
  // Nothing leaks that could be freed: the room of a grain is its own for good.
  if (mode === 'all') for (const part of before.parts) repaired.push(...(await repairPart(part)))
  return summary(
    before,
    repaired.length === 0 ? before.report() : await reportOn(await readAgain(parts), pace),
    repaired,
  )
}

/** As they are on disk now. */
async function readAgain(parts: readonly Part[]): Promise<readonly Part[]> {
  const again: Part[] = []
  for (const part of parts) {
    if (part.kind !== 'sparse') again.push(part)
    else {
      const { storage } = part.tables
      again.push({ ...part, tables: await GrainTables.open(storage, await readShape(storage)) })
    }
  }
  return again
}

function summary(before: Examination, after: CheckReport, repaired: readonly string[]): RepairReport {
  const fixed = before.findings.count('error') - after.totals.corruptions
  return { after, repaired, corruptionsFixed: Math.max(0, fixed), leaksFixed: 0 }
}

/** Of this file alone: the others come in once there is a descriptor. */
async function lostChecker(storage: Storage, gate: OpenGate, lost: LostDisk): Promise<Checker> {
  const examine = async (isLost: boolean, pace: Pace | undefined): Promise<Examination> => {
    const examination = new Examination()
    if (isLost)
      examination.findings.add('error', 1, () => ({
        code: 'descriptor-missing',
        message: `${storage.name} is a part of a disk whose descriptor, ${lost.name}, is not beside it. It can be written anew from ${lost.extents.length === 1 ? 'the one part' : `the ${lost.extents.length} parts`} there ${lost.extents.length === 1 ? 'is' : 'are'}.`,
      }))
    if (lost.subformat === 'twoGbMaxExtentSparse')
      await examination.sparse(await GrainTables.open(storage, await readShape(storage)), pace)
    return examination
  }
  return {
    virtualSize: lost.virtualSize,
    check: async (pace) => (await examine(true, pace)).report(),
    async repair(mode, pace) {
      const before = await examine(true, pace)
      if (mode !== 'all') return summary(before, before.report(), [])
      const sentence = await writeNewDescriptor(lost, storage, gate)
      return summary(before, (await examine(false, pace)).report(), [sentence])
    },
  }
}
