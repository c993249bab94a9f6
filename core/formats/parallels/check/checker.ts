// Checking and repairing a Parallels image.

import type { Checker } from '../../../image/facets.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { openHeader } from '../open.ts'
import { examine, reportOf } from './examine.ts'
import { repair } from './repair.ts'

/** Throws `invalid-image` when the header makes no sense. The storage stays the caller's. */
export async function parallelsChecker(storage: Storage): Promise<Checker> {
  const { virtualSize } = await openHeader(storage)
  return {
    virtualSize,
    check: async (pace?: Pace): Promise<CheckReport> => reportOf(await examine(storage, pace)),
    repair: async (mode: RepairMode, pace?: Pace): Promise<RepairReport> => repair(storage, mode, pace),
  }
}
