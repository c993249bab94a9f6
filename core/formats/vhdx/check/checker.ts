// Checking and repairing a VHDX image.

import type { Checker } from '../../../image/facets.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport, RepairMode, RepairReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { openForReading } from '../open.ts'
import { examine, reportOf } from './examine.ts'
import { repair } from './repair.ts'

/** Throws `invalid-image` or `unsupported` when headers or metadata make no sense. The storage stays the caller's. */
export async function vhdxChecker(storage: Storage): Promise<Checker> {
  const { file } = await openForReading(storage)
  return {
    virtualSize: file.geometry.virtualSize,
    check: async (pace?: Pace): Promise<CheckReport> => reportOf(await examine(storage, pace)),
    repair: async (mode: RepairMode, pace?: Pace): Promise<RepairReport> => repair(storage, mode, pace),
  }
}
