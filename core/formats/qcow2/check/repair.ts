// Repairing: what is counted wrong is counted right, what is marked wrong is marked right, and nothing is thrown away.

import type { Pace } from '../../../jobs/pace.ts'
import type { RepairMode, RepairReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { writeHeaderFields } from '../header.ts'
import { INCOMPATIBLE } from '../layout.ts'
import { examine } from './examine.ts'
import type { Examined } from './examine.ts'
import { dropUnfinishedBitmaps, removeBitmapsExtension } from './repair-bitmaps.ts'
import { freeLeaks, repairTables } from './repair-tables.ts'
import { isMarked, reportOf } from './report.ts'

/** Each round leaves less to the next: bitmaps, then counts and tables, then the room of what these replaced. */
const MOST_ROUNDS = 4

export async function repair(storage: Storage, mode: RepairMode, pace: Pace = () => undefined): Promise<RepairReport> {
  return repairIn(storage, pace, async (examined) => repairRound(examined, mode))
}

/**
 * Puts right what a program left that did not come to close the image: counts, above all, that it had put off. Bitmaps
 * that were being changed stay, for their owner to decide.
 */
export async function mend(storage: Storage): Promise<void> {
  await repairIn(
    storage,
    () => undefined,
    async (examined) => {
      const bitmaps = await repairBitmaps(examined, 'leaks')
      return bitmaps.length > 0 ? bitmaps : repairTables(examined)
    },
  )
}

type Round = (examined: Examined) => Promise<readonly string[]>

async function repairIn(storage: Storage, pace: Pace, repairOnce: Round): Promise<RepairReport> {
  const repaired: string[] = []
  let examined = await examine(storage, pace)
  const before = totalsOf(examined)
  // One of two references to a cluster may be wrong; what it should lead to is then what nothing leads to.
  const { isUsedTwice } = examined.examination
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    examined.examination.isReferenceLost ||= isUsedTwice
    const done = await repairOnce(examined)
    if (done.length === 0) break
    repaired.push(...done)
    examined = await examine(storage, pace)
  }
  examined.examination.isReferenceLost ||= isUsedTwice
  const header = await takeMarksOff(examined)
  if (header !== examined.examination.image.header)
    repaired.push('The mark that the image was not left in order was taken off.')
  await storage.flush()
  noteKept(examined)
  const after = totalsOf(examined)
  return {
    after: reportOf(examined, header),
    repaired,
    corruptionsFixed: Math.max(0, before.errors - after.errors),
    leaksFixed: Math.max(0, before.leaks - after.leaks),
  }
}

/** Returns what was done, one sentence each. */
async function repairRound(examined: Examined, mode: RepairMode): Promise<readonly string[]> {
  const bitmaps = await repairBitmaps(examined, mode)
  if (bitmaps.length > 0) return bitmaps
  return mode === 'leaks' ? freeLeaks(examined) : repairTables(examined)
}

async function repairBitmaps({ examination }: Examined, mode: RepairMode): Promise<readonly string[]> {
  const { image } = examination
  if (image.extensions.bitmaps && !image.hasBitmaps && !examination.isReferenceLost) {
    await removeBitmapsExtension(image)
    return ['The bitmaps, which said nothing any more, were taken out of the header.']
  }
  if (mode === 'leaks') return []
  const names = await dropUnfinishedBitmaps(examination)
  if (names.length === 0) return []
  const list = names.map((name) => `“${name}”`).join(', ')
  return [
    names.length === 1
      ? `The bitmap ${list} could no longer be trusted and was dropped; the disk’s data is not touched by that.`
      : `The bitmaps ${list} could no longer be trusted and were dropped; the disk’s data is not touched by that.`,
  ]
}

/** Returns the header as it is then. */
async function takeMarksOff({ examination }: Examined): Promise<Examined['examination']['image']['header']> {
  const { findings, checkErrors, image } = examination
  const { header, storage } = image
  if (!isMarked(header) || findings.count('error') > 0 || checkErrors > 0) return header
  const incompatible_features = header.incompatible_features & ~(INCOMPATIBLE.dirty | INCOMPATIBLE.corrupt)
  await writeHeaderFields(storage, { incompatible_features })
  return { ...header, incompatible_features }
}

function noteKept({ examination, disk, differences: { leaks } }: Examined): void {
  if (leaks === 0 || !(examination.isReferenceLost || disk.needsRebuild)) return
  const what = leaks === 1 ? 'One cluster that nothing leads to was' : `${leaks} clusters that nothing leads to were`
  const why = examination.isReferenceLost
    ? 'damaged entries may have led there'
    : 'the reference counts themselves are damaged, and a repair of everything makes them anew'
  examination.findings.add('note', 1, () => ({ code: 'leaks-kept', message: `${what} kept: ${why}.` }))
}

function totalsOf({ examination }: Examined): { readonly errors: number; readonly leaks: number } {
  return { errors: examination.findings.count('error'), leaks: examination.findings.count('leak') }
}
