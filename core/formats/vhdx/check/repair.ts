// Repairing: what there are two copies of is made whole, what the log holds is done, and no data is thrown away.

import type { Pace } from '../../../jobs/pace.ts'
import type { RepairMode, RepairReport } from '../../../model/check.ts'
import { SpindleError } from '../../../model/error.ts'
import type { Storage } from '../../../storage/storage.ts'
import { NO_GUID } from '../../../bytes/guid.ts'
import { REGION_TABLE_OFFSETS } from '../layout.ts'
import { readRegionCopy } from '../regions.ts'
import { replay } from '../replay.ts'
import { examine, reportOf } from './examine.ts'
import type { Examined } from './examine.ts'

export async function repair(storage: Storage, mode: RepairMode, pace: Pace = () => undefined): Promise<RepairReport> {
  const before = await examine(storage, pace)
  const repaired: string[] = []
  const { file, log } = before.opened
  if (log.kind === 'pending') {
    await replay(storage, file.headers, log.pending)
    repaired.push(`The ${log.pending.changeCount} changes that the log held were put in their places.`)
  }
  if (mode === 'all') repaired.push(...(await repairCopies(storage, before)))
  const end = before.table.end
  if (before.unusedTail > 0) {
    await storage.truncate(end)
    await storage.flush()
    repaired.push(`The last ${before.unusedTail} bytes of the file, which nothing led to, were cut off.`)
  }
  const after = await examine(storage, pace)
  return {
    after: reportOf(after),
    repaired,
    corruptionsFixed: Math.max(0, before.findings.count('error') - after.findings.count('error')),
    leaksFixed: Math.max(0, before.findings.count('leak') - after.findings.count('leak')),
  }
}

/** Returns what was done, one sentence each. */
async function repairCopies(storage: Storage, { opened, wrongRegionCopies, table }: Examined): Promise<string[]> {
  const { file, log } = opened
  const done: string[] = []
  if (wrongRegionCopies.length > 0) {
    const [intact] = REGION_TABLE_OFFSETS.filter((offset) => !wrongRegionCopies.includes(offset))
    const bytes = intact === undefined ? undefined : await readRegionCopy(storage, intact)
    if (!bytes) throw new SpindleError('internal', 'the region table was intact a moment ago')
    for (const offset of wrongRegionCopies) await storage.write(offset, bytes)
    done.push('The region table was written anew from its intact copy.')
  }
  const emptiesLog = log.kind === 'damaged' && !table.isReferenceLost
  if (file.headers.damaged.length > 0 || emptiesLog) await file.headers.update(emptiesLog ? { log_guid: NO_GUID } : {})
  else await storage.flush()
  if (file.headers.damaged.length > 0) done.push('The damaged header was written anew from the intact one.')
  if (emptiesLog) done.push('The damaged log was emptied; the tables of the image are in order without it.')
  return done
}
