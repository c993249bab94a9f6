// Checking and repairing a qcow2 image.

import type { Checker } from '../../../image/facets.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { openForCheck } from './checked-image.ts'
import { examine } from './examine.ts'
import { repair } from './repair.ts'
import { reportOf } from './report.ts'

/** Throws `invalid-image` or `unsupported` when the header itself makes no sense. The storage stays the caller's. */
export async function qcow2Checker(storage: Storage): Promise<Checker> {
  const { virtualSize } = await openForCheck(storage)
  return {
    virtualSize,
    check: async (pace?: Pace): Promise<CheckReport> => reportOf(await examine(storage, pace)),
    repair: async (mode: RepairMode, pace?: Pace): Promise<RepairReport> => repair(storage, mode, pace),
  }
}
